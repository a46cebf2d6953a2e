"""EIP-712 digests of statements and receipts, and who signed them."""

import re
from typing import Any

from eth_abi import encode
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature, ValidationError

from trie import keccak

DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
UPDATE = (
    "Update(bytes32 study,uint32 round,uint16 slot,bytes32 plan,bytes32 baseModel,bytes32 update,uint64 samples,"
    "bytes32 dataset,bytes32 report)"
)
RECEIPT = (
    "Receipt(bytes32 statement,bytes32 study,uint32 round,uint16 slot,bytes32 baseModel,bytes32 update,"
    "uint64 samples,uint64 recordBy)"
)
# The order of secp256k1 (SEC 2, section 2.4.1).
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def fields_of(type: str) -> list[tuple[str, str]]:
    """(type, name) of a struct's members, in the order in which they are hashed."""
    return [tuple(member.split(" ")) for member in type[type.index("(") + 1 : -1].split(",")]


def domain_separator(chain_id: int, contract: str) -> bytes:
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return keccak(encode(types, [*map(keccak, (DOMAIN.encode(), b"Syndic", b"1")), chain_id, contract]))


def digest(type: str, message: dict[str, Any], chain_id: int, ledger: str) -> bytes:
    """EIP-712: keccak(0x1901 ‖ domainSeparator ‖ keccak(typeHash ‖ the members, each as one word))."""
    fields = fields_of(type)
    values = [bytes.fromhex(message[name][2:]) if kind == "bytes32" else message[name] for kind, name in fields]
    struct = keccak(keccak(type.encode()) + encode([kind for kind, _ in fields], values))
    return keccak(b"\x19\x01" + domain_separator(chain_id, ledger) + struct)


def signer_of(signed: bytes, signature: str) -> str | None:
    """The address whose key signed: r‖s‖v, low s (EIP-2), v 27 or 28. None: nobody's key could have."""
    if not re.fullmatch(r"0x[0-9a-f]{128}1[bc]", signature):
        return None
    data = bytes.fromhex(signature[2:])
    r, s = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
    if s > ORDER // 2:
        return None
    try:
        key = Signature(vrs=(data[64] - 27, r, s)).recover_public_key_from_msg_hash(signed)
    except (BadSignature, ValidationError):
        return None
    return key.to_address()
