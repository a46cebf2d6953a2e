"""The keyed root over a dataset version's rows: an RFC 6962 tree over leaves that only the secret's holder can guess."""

import hashlib
import hmac

from .rfc8785 import canonical


def leaf(secret, index, row):
    """`row`: the values of the declared columns in declared order, null where missing."""
    return hmac.new(secret, index.to_bytes(8, "big"), hashlib.sha256).digest() + canonical(row)


def tree(leaves):
    """RFC 6962, section 2.1: MTH."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()


def root(secret, rows):
    return tree([leaf(secret, index, row) for index, row in enumerate(rows)])
