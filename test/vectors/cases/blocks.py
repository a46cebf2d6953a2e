"""Sealed blocks, as a node tells of them: what they hash to, and whose seals they bear."""

from reference import blocks
from reference.eip712 import tohex, unhex
from reference.keccak import keccak256
from reference.secp256k1 import address_of, sign

KEYS = [keccak256(f"validator {i}".encode()) for i in range(5)]
VALIDATORS = sorted(address_of(key) for key in KEYS[:4])
STRANGER = KEYS[4]
VANITY = b"syndic".ljust(32, b"\0")
# keccak-256 of RLP of no list, and of no bytes.
NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
# The end of "Istanbul practical byzantine fault tolerance" in ASCII, which QBFT's blocks bear as their mixHash.
ISTANBUL = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"


def key_of(validator):
    return next(key for key in KEYS if address_of(key) == validator)


def seal(key, digest):
    """r, s and a v of 0 or 1."""
    signature = sign(key, digest)
    return signature[:64] + bytes([signature[64] - 27])


def header(number, extra_data, **more):
    return {
        "parentHash": keccak256(b"parent"),
        "sha3Uncles": unhex(NO_UNCLES),
        "miner": VALIDATORS[0],
        "stateRoot": keccak256(b"state"),
        "transactionsRoot": unhex(EMPTY_ROOT),
        "receiptsRoot": unhex(EMPTY_ROOT),
        "logsBloom": bytes(256),
        "difficulty": 1,
        "number": number,
        "gasLimit": 100_000_000,
        "gasUsed": 0,
        "timestamp": 1_790_000_000 + number,
        "extraData": extra_data,
        "mixHash": unhex(ISTANBUL),
        "nonce": bytes(8),
        "baseFeePerGas": 0,
        **more,
    }


def told(head):
    """As eth_getBlockByNumber spells it."""
    return {name: hex(value) if isinstance(value, int) else tohex(value) for name, value in head.items()}


def qbft(name, signers, round_=0, vote=None, listed=None, **more):
    """`listed`: the validators that the header names; none where a contract keeps them."""
    validators = VALIDATORS if listed is None else listed
    head = header(7, b"", **more)
    digest = blocks.qbft_signed(head, VANITY, validators, vote, round_)
    seals = [seal(key, digest) for key in signers]
    head["extraData"] = blocks.qbft_extra(VANITY, validators, vote, round_, seals)
    signed_by = sorted(tohex(address_of(key)) for key in signers)
    block_hash = blocks.qbft_hash(head, VANITY, validators, vote)
    return {"name": name, "block": told(head), "hash": tohex(block_hash), "signers": signed_by}


def clique(name, signer, checkpoint=False):
    listed = b"".join(VALIDATORS[:3]) if checkpoint else b""
    head = header(12, VANITY + listed + bytes(65), mixHash=bytes(32), difficulty=2)
    head["extraData"] = head["extraData"][:-65] + seal(signer, blocks.clique_signed(head))
    block_hash = tohex(blocks.header_hash(head))
    return {"name": name, "block": told(head), "hash": block_hash, "signers": [tohex(address_of(signer))]}


def build():
    three = [key_of(one) for one in VALIDATORS[:3]]
    shanghai = {"withdrawalsRoot": unhex(EMPTY_ROOT)}
    cancun = {"blobGasUsed": 0, "excessBlobGas": 0, "parentBeaconBlockRoot": keccak256(b"beacon")}
    prague = {"requestsHash": keccak256(b"requests")}
    return {
        "about": "Blocks sealed by rules as published; four validators of QBFT, three of Clique.",
        "validators": [tohex(one) for one in VALIDATORS],
        "qbft": [
            qbft("three of four, in the first round", three),
            qbft("all four, in round 3", [key_of(one) for one in VALIDATORS], round_=3),
            qbft("in a round of two bytes", three, round_=300),
            qbft("with a vote to add", three, vote=(address_of(STRANGER), True)),
            qbft("with a vote to drop", three, vote=(VALIDATORS[3], False)),
            qbft("with validators kept by a contract", three, listed=[]),
            qbft("two of four, and a stranger", [*three[:2], STRANGER]),
            qbft("of Shanghai", three, **shanghai),
            qbft("of Cancun", three, **shanghai, **cancun),
            qbft("of Prague", three, **shanghai, **cancun, **prague),
        ],
        "clique": [
            clique("by the first", three[0]),
            clique("by the second, with the list of sealers of a checkpoint", three[1], checkpoint=True),
        ],
    }
