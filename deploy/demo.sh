#!/bin/sh
# Four hospitals on synthetic rows: admitted, equipped, one study opened and joined. Doing it again changes nothing.
#   demo.sh          all of that
#   demo.sh watch    follows the study until it is closed
#   demo.sh history  who contributed what, read from the chain
# CHAIN_RPC_URL, ACCOUNTS_DIR and DEPLOYMENT_DIR are what deploy.sh made;
#   HOSPITALS_DIR    a folder for each hospital's worker, which gets it alone: key, passphrase, rows
#   DEMO_DIR         what the hospitals' people and the operator keep: accounts, plan, study
#   WORKERS_URL      where workers dial in
#   DEMO_ROUNDS      rounds of the study
set -eu
. "$(dirname "$0")/lib.sh"

examples=$(dirname "$0")/../examples/heart
deployment=$DEPLOYMENT_DIR/deployment.json
plan=$DEMO_DIR/plan.yaml
hospitals='cleveland hungarian switzerland va'

# as_operator VERB…: a command about studies.
as_operator() {
  syndic study "$@" --profile "$DEPLOYMENT_DIR/profile.json" --rpc "$NODE_URL" \
    --keystore "$ACCOUNTS_DIR/operator/account.json" --passphrase-file "$ACCOUNTS_DIR/operator/passphrase"
}

# as_member NAME VERB…: what that hospital says on chain; nothing is printed but errors.
as_member() {
  at=$DEMO_DIR/$1
  shift
  syndic member "$@" --rpc "$NODE_URL" --invitation "$at/invitation.json" \
    --keystore "$at/account.json" --passphrase-file "$at/passphrase" --json >/dev/null
}

# admit NAME: its account, admitted; its invitation.
admit() {
  secret "$DEMO_DIR/$1/passphrase"
  member=$(account "$DEMO_DIR/$1")
  syndic consortium admit "$member" --rpc "$NODE_URL" --deployment "$deployment" \
    --keystore "$ACCOUNTS_DIR/admin/account.json" --passphrase-file "$ACCOUNTS_DIR/admin/passphrase" \
    --coordinator "$(cat "$DEPLOYMENT_DIR/coordinator-account")" --certificate "$DEPLOYMENT_DIR/tls-cert.pem" \
    --url "$WORKERS_URL" --out "$DEMO_DIR/$1/invitation.json" --json >/dev/null
  say "$1 is admitted as $member"
}

# equip NAME: rows, a worker key that the account lists, a version of the rows that stands on chain.
equip() {
  worker=$HOSPITALS_DIR/$1/worker
  rows=$HOSPITALS_DIR/$1/rows.csv
  [ -e "$rows" ] || keep "$rows" <"$DEMO_DIR/rows/processed.$1.data"
  secret "$HOSPITALS_DIR/$1/passphrase"
  syndic worker init --dir "$worker" --invitation "$DEMO_DIR/$1/invitation.json" \
    --passphrase-file "$HOSPITALS_DIR/$1/passphrase" --scrypt-cost "$SCRYPT_COST" --json >/dev/null
  as_member "$1" key --dir "$worker"
  if [ -e "$DEMO_DIR/$1/version" ]; then return; fi
  made=$(syndic worker version --dir "$worker" --dataset heart-disease --plan "$plan" --data "$rows")
  version=$(printf '%s\n' "$made" | field file)
  as_member "$1" version --file "$version"
  printf '%s\n' "$version" | keep "$DEMO_DIR/$1/version"
}

# join NAME: allows the use of its rows in the study, once.
join() {
  if [ -e "$DEMO_DIR/$1/joined" ]; then return; fi
  as_member "$1" grant "$study" --plan "$plan" --dataset heart-disease --days 30 --yes
  keep "$DEMO_DIR/$1/joined" </dev/null
  say "$1 allows the use of its rows"
}

# each COMMAND: for every hospital, side by side; fails when one fails.
each() {
  running=''
  for name in $hospitals; do
    "$1" "$name" &
    running="$running $!"
  done
  for job in $running; do wait "$job"; done
}

# open_study: prints its id. A salt that is kept makes a second order the same order.
open_study() {
  if [ ! -s "$DEMO_DIR/salt" ]; then
    salt=$(random 32)
    printf '0x%s\n' "$salt" | keep "$DEMO_DIR/salt"
  fi
  as_operator open --plan "$plan" --salt "$(cat "$DEMO_DIR/salt")"
}

found() {
  if [ -e "$DEMO_DIR/founded" ]; then
    say "study $(cat "$DEMO_DIR/study") is there already"
    return
  fi
  await_node
  [ -e "$plan" ] || sed "s/^rounds: .*/rounds: $DEMO_ROUNDS/" "$examples/standin-plan.yaml" | keep "$plan"
  node --disable-warning=ExperimentalWarning "$(dirname "$0")/standin.ts" "$DEMO_DIR/rows"
  # One after the other, so that the slots follow their order.
  for name in $hospitals; do admit "$name"; done
  each equip
  if [ ! -s "$DEMO_DIR/study" ]; then
    study=$(open_study)
    while as_operator show "$study" --json | grep -q '"state": "opening"'; do sleep 1; done
    printf '%s\n' "$study" | keep "$DEMO_DIR/study"
  fi
  study=$(cat "$DEMO_DIR/study")
  each join
  keep "$DEMO_DIR/founded" </dev/null
  say "study $study: four hospitals on synthetic rows, which describe nobody"
}

case ${1:-found} in
  found) found ;;
  watch) as_operator watch "$(cat "$DEMO_DIR/study")" ;;
  history) syndic audit history --study "$(cat "$DEMO_DIR/study")" --rpc "$NODE_URL" --deployment "$deployment" ;;
  *) say "unknown: $1; see the head of $0" && exit 2 ;;
esac
