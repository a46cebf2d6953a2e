# Shared by the scripts beside it, which begin with `set -eu`. POSIX sh.

# Sealed keys lie beside the random passphrase that opens them: a costly derivation would protect nothing.
SCRYPT_COST=4096

# Of several nodes, which the coordinator holds against each other, commands ask the first.
NODE_URL=${CHAIN_RPC_URL:-}
NODE_URL=${NODE_URL%%,*}

say() {
  printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
}

# random BYTES: so many bytes from the operating system, in hex.
random() {
  value=$(od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n')
  [ "${#value}" -eq $(($1 * 2)) ] || return 1
  printf '%s' "$value"
}

# keep FILE: standard input becomes the file, whole or not at all. The group may read it, others may not.
keep() (
  umask 027
  cat >"$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
)

# secret FILE: 24 random bytes in hex, unless the file is there.
secret() {
  if [ -s "$1" ]; then return; fi
  mkdir -p "$(dirname "$1")"
  fresh=$(random 24)
  printf '%s\n' "$fresh" | keep "$1"
}

# field NAME: the value of that name among the `name<TAB>value` lines that a command prints.
field() {
  sed -n "s/^$1$(printf '\t')//p"
}

# account DIR: makes an Ethereum account there, unless there is one, sealed with the passphrase there; prints its address.
account() {
  made=$(syndic member account --keystore "$1/account.json" --passphrase-file "$1/passphrase" \
    --scrypt-cost "$SCRYPT_COST")
  printf '%s\n' "$made" | field account
}

# await_node: waits until the node at NODE_URL answers.
await_node() {
  tries=60
  until node "$(dirname "$0")/answers.js" --rpc "$NODE_URL" 2>/dev/null; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      say "no Ethereum node answers: set CHAIN_RPC_URL to the consortium's, or add --profile dev for one of your own"
      return 1
    fi
    sleep 1
  done
}
