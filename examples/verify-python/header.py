"""A block's hash from its header (Yellow Paper, section 4.4.3, and the EIPs that appended fields)."""

import re
from dataclasses import dataclass
from typing import Any

import rlp

from findings import Rejected
from trie import decode_rlp, keccak, scalar

# How each field stands in the RLP: so many bytes ("b32"), any bytes ("b"), a scalar of at most so many bits ("n64").
LEGACY = {
    **{"parentHash": "b32", "sha3Uncles": "b32", "miner": "b20", "stateRoot": "b32", "transactionsRoot": "b32"},
    **{"receiptsRoot": "b32", "logsBloom": "b256", "difficulty": "n256", "number": "n53", "gasLimit": "n64"},
    **{"gasUsed": "n64", "timestamp": "n53", "extraData": "b", "mixHash": "b32", "nonce": "b8"},
}
# Each fork's fields follow those of the forks before it: EIP-1559; 4895; 4844 with 4788; 7685.
FORKS: list[dict[str, str]] = [
    {"baseFeePerGas": "n256"},
    {"withdrawalsRoot": "b32"},
    {"blobGasUsed": "n64", "excessBlobGas": "n64", "parentBeaconBlockRoot": "b32"},
    {"requestsHash": "b32"},
]
# What nodes say beside the header; known to be no part of its hash.
BESIDE = {"hash", "size", "totalDifficulty", "author", "transactions", "uncles", "withdrawals"}


@dataclass(frozen=True)
class Header:
    number: int
    timestamp: int
    state_root: bytes
    hash: bytes


def read_header(block: Any, consensus: str) -> Header:
    """Of an `eth_getBlockByNumber` answer; what it says its hash is is not looked at. A field that is not known is
    refused: it may be part of the hash."""
    try:
        return _read({key: value for key, value in dict(block).items() if value is not None}, consensus)
    except (ValueError, TypeError) as cause:
        raise Rejected("HEADER_UNKNOWN", f"the header cannot be hashed: {cause}") from cause


def _read(block: dict[str, Any], consensus: str) -> Header:
    form = dict(LEGACY)
    last = max((i for i, fork in enumerate(FORKS) if block.keys() & fork), default=-1)
    for fork in FORKS[: last + 1]:
        form |= fork
    if missing := form.keys() - block.keys():
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if strange := block.keys() - form.keys() - BESIDE:
        raise ValueError(f"it has {', '.join(sorted(strange))}, which may be part of its hash")
    items = {key: _bytes(key, kind, block[key]) for key, kind in form.items()}
    number, timestamp = (int.from_bytes(items[key], "big") for key in ("number", "timestamp"))
    extra = items["extraData"]
    if consensus == "qbft":
        items["extraData"] = _unsealed(extra)
    elif consensus == "clique" and len(extra) < 32 + 65:  # EIP-225: vanity and seal
        raise ValueError("its extraData holds no Clique seal")
    elif consensus == "ethereum" and len(extra) > 32:
        raise ValueError("its extraData has more than Ethereum's 32 bytes")
    return Header(number, timestamp, items["stateRoot"], keccak(rlp.encode(list(items.values()))))


def _bytes(key: str, kind: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"{key} is no string")
    text = value.lower()
    if kind[0] == "n":
        if not re.fullmatch(r"0x(0|[1-9a-f][0-9a-f]*)", text) or int(text, 16) >> int(kind[1:]):
            raise ValueError(f"{key} is no number of {kind[1:]} bits")
        number = int(text, 16)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    if not re.fullmatch(r"0x([0-9a-f]{2})*", text) or (kind != "b" and len(text) != 2 + 2 * int(kind[1:])):
        raise ValueError(f"{key} is malformed")
    return bytes.fromhex(text[2:])


def _unsealed(extra: bytes) -> bytes:
    """QBFT's hash leaves out what each validator has differently: RLP [vanity, validators, vote, round, seals] with
    round 0 and no seals (Besu's QbftExtraDataCodec)."""
    items = decode_rlp(extra)
    if not isinstance(items, list) or len(items) != 5 or not isinstance(items[0], bytes):
        raise ValueError("extraData is not QBFT's list of five")
    if not all(isinstance(items[i], list) for i in (1, 2, 4)):
        raise ValueError("extraData's validators, vote or seals are no list")
    scalar(items[3], 4)
    return rlp.encode([items[0], items[1], items[2], b"", []])
