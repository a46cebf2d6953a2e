#!/bin/sh
# A sealer of a Clique chain: go-ethereum 1.13.15, the last release that seals, in the folder where this script lies and
# where `main.ts found` put keys, genesis and peers. POSIX sh, for the image of go-ethereum has no other.
#   HTTP_HOST, HTTP_PORT  JSON-RPC, without a login: only where members' own programs reach it
set -eu
dir=$(cd "$(dirname "$0")" && pwd)
sealer=$(cat "$dir/address")

# On a folder that has its chain already, this changes nothing.
geth --verbosity 2 init --datadir "$dir" --state.scheme hash "$dir/genesis.json"

# The gas price is free, every state stays readable (proofs want that), nothing listens for strangers. The account is
# unlocked, for that is how this geth seals. HTTP serves neither votes nor administration, only the socket geth.ipc
# does; but whoever reaches HTTP may send transactions from the account: it must have no role, and no ether to miss.
exec geth --datadir "$dir" --config "$dir/peers.toml" --nodekey "$dir/nodekey" \
  --nodiscover --nat none --maxpeers 50 \
  --mine --miner.etherbase "$sealer" --unlock "$sealer" --password "$dir/passphrase" --allow-insecure-unlock \
  --miner.gasprice 0 --miner.gaslimit 100000000 --txpool.pricelimit 0 --rpc.txfeecap 0 \
  --syncmode full --gcmode archive --state.scheme hash --cache "${CACHE_MB:-512}" --ipcpath "$dir/geth.ipc" \
  --http --http.addr "${HTTP_HOST:-127.0.0.1}" --http.port "${HTTP_PORT:-8545}" --http.vhosts '*' \
  --http.api eth,net,web3 --authrpc.port 0 --verbosity "${VERBOSITY:-3}"
