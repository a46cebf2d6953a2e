#!/bin/sh
# Makes the passwords that the services share, and the passphrases of keys. What is there stays; nothing is printed.
#   DATABASE_DIR, QUEUE_DIR, ACCOUNTS_DIR, COORDINATOR_DIR  where they go
#   DATABASE_URL_TEMPLATE, QUEUE_URL_TEMPLATE               URLs with PASSWORD in the place of the password
set -eu
. "$(dirname "$0")/lib.sh"

# with_password DIR TEMPLATE: the URL, with the password from that folder in its place.
with_password() {
  password=$(cat "$1/password")
  printf '%s%s%s\n' "${2%%PASSWORD*}" "$password" "${2#*PASSWORD}"
}

secret "$DATABASE_DIR/password"
with_password "$DATABASE_DIR" "$DATABASE_URL_TEMPLATE" | keep "$DATABASE_DIR/url"

secret "$QUEUE_DIR/password"
with_password "$QUEUE_DIR" "$QUEUE_URL_TEMPLATE" | keep "$QUEUE_DIR/url"
with_password "$QUEUE_DIR" 'requirepass PASSWORD' | keep "$QUEUE_DIR/redis.conf"

secret "$COORDINATOR_DIR/passphrase"
for name in admin operator coordinator; do
  secret "$ACCOUNTS_DIR/$name/passphrase"
done
