"""Fixed inputs that several files share. Keys and salts here guard nothing: they are published with the project."""

import hashlib

from reference.eip712 import tohex
from reference.keccak import keccak256
from reference.rfc8785 import canonical
from reference.secp256k1 import address_of

CHAIN_ID = 31337
LEDGER = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
VERDICTS = "0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9"
PRIVATE_KEYS = {name: keccak256(f"syndic test vector {name}".encode()) for name in ("worker", "coordinator", "operator")}
ADDRESSES = {name: tohex(address_of(key)) for name, key in PRIVATE_KEYS.items()}


def sha256(data):
    return tohex(hashlib.sha256(data).digest())


def named(label):
    """A 32-byte value that stands for `label`."""
    return sha256(label.encode("utf-8"))


def document(value):
    """A stored document: its value, its canonical text, and the digest it is stored under."""
    data = canonical(value)
    return {"value": value, "canonical": data.decode("utf-8"), "sha256": sha256(data)}
