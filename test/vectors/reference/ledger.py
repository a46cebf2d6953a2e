"""What stands on chain: study ids, entries, and the hash chain over a study."""

from .eip712 import abi_encode, tohex
from .keccak import keccak256

TAGS = {name: tohex(keccak256(f"syndic.{name}.v1".encode())) for name in ("study", "round", "start", "note", "close")}


def study_id(chain_id, ledger, operator, plan, salt):
    return keccak256(
        abi_encode(
            ("uint256", chain_id), ("address", ledger), ("address", operator), ("bytes32", plan), ("bytes32", salt)
        )
    )


def encode_entries(entries):
    encoded = b""
    for entry in entries:
        packed = entry["samples"] << 32 | entry["reason"] << 24 | entry["status"] << 16 | entry["slot"]
        encoded += abi_encode(("bytes32", entry["update"]), ("uint256", packed))
    return encoded


def record_hash(study, record, time, encoded_entries):
    return keccak256(
        abi_encode(
            ("bytes32", TAGS["round"]),
            ("bytes32", study),
            ("uint32", record["round"]),
            ("uint8", record["outcome"]),
            ("bytes32", record["baseModel"]),
            ("bytes32", record["globalModel"]),
            ("bytes32", record["manifest"]),
            ("uint64", time),
            ("bytes32", tohex(keccak256(encoded_entries))),
        )
    )


def first_head(chain_id, ledger, study, plan, initial_model):
    return keccak256(
        abi_encode(
            ("bytes32", TAGS["study"]),
            ("uint256", chain_id),
            ("address", ledger),
            ("bytes32", study),
            ("bytes32", plan),
            ("bytes32", initial_model),
        )
    )


def extend(head, hashed):
    return keccak256(head + hashed)


def start_hash(study, slots, time):
    packed = keccak256(b"".join(slot.to_bytes(2, "big") for slot in slots))
    return keccak256(
        abi_encode(("bytes32", TAGS["start"]), ("bytes32", study), ("bytes32", tohex(packed)), ("uint64", time))
    )


def note_hash(study, kind, noted, time):
    return keccak256(
        abi_encode(
            ("bytes32", TAGS["note"]), ("bytes32", study), ("bytes32", kind), ("bytes32", noted), ("uint64", time)
        )
    )


def close_hash(study, outcome, time):
    return keccak256(
        abi_encode(("bytes32", TAGS["close"]), ("bytes32", study), ("uint8", outcome), ("uint64", time))
    )
