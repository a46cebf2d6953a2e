#!/bin/sh
# Founds the consortium on its chain, as far as it is not: contracts, an operator, the coordinator and its key. Where
# deployment.json was put beforehand, the consortium is another's: then only the coordinator and its key are made.
#   CHAIN_RPC_URL      the consortium's node
#   ACCOUNTS_DIR       accounts of admin, operator and coordinator; passphrases are there already
#   COORDINATOR_DIR    the coordinator's key and certificate
#   COORDINATOR_HOSTS  names and addresses for the certificate, separated by spaces
#   COORDINATOR_URL    where operators reach it
#   DEPLOYMENT_DIR     for everybody to read: deployment.json, tls-cert.pem, coordinator-account, profile.json
set -eu
. "$(dirname "$0")/lib.sh"

deployment=$DEPLOYMENT_DIR/deployment.json
coordinator=$(account "$ACCOUNTS_DIR/coordinator")

# as NAME COMMAND…: a command about the chain, signed by that account.
as() {
  name=$1
  shift
  syndic "$@" --rpc "$NODE_URL" \
    --keystore "$ACCOUNTS_DIR/$name/account.json" --passphrase-file "$ACCOUNTS_DIR/$name/passphrase" >&2
}

await_node
if [ ! -e "$deployment" ] || [ -e "$ACCOUNTS_DIR/admin/account.json" ]; then
  say 'contracts, operator and coordinator'
  account "$ACCOUNTS_DIR/admin" >/dev/null
  operator=$(account "$ACCOUNTS_DIR/operator")
  as admin consortium deploy --out "$deployment"
  as admin consortium operator add "$operator" --deployment "$deployment"
  as admin consortium coordinator add "$coordinator" --deployment "$deployment"
else
  say "the consortium of $deployment was founded elsewhere"
fi

hosts=''
for host in $COORDINATOR_HOSTS; do hosts="$hosts --host $host"; done
# shellcheck disable=SC2086 # one word a host
made=$(syndic coordinator init --dir "$COORDINATOR_DIR" --passphrase-file "$COORDINATOR_DIR/passphrase" \
  --scrypt-cost "$SCRYPT_COST" $hosts)
key=$(printf '%s\n' "$made" | field address)
pin=$(printf '%s\n' "$made" | field pin)
if ! as coordinator coordinator key "$key" --deployment "$deployment"; then
  say "the chain does not let $coordinator coordinate yet. The consortium's admin lists it with"
  say "  syndic consortium coordinator add $coordinator; then start this again"
  exit 1
fi

keep "$DEPLOYMENT_DIR/tls-cert.pem" <"$COORDINATOR_DIR/tls-cert.pem"
printf '%s\n' "$coordinator" | keep "$DEPLOYMENT_DIR/coordinator-account"
printf '{"url":"%s","coordinator":"%s","pin":"%s","deployment":"deployment.json"}\n' \
  "$COORDINATOR_URL" "$coordinator" "$pin" | keep "$DEPLOYMENT_DIR/profile.json"
say "coordinator $coordinator, key $key, certificate's pin $pin"
