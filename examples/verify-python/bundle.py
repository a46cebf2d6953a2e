"""The file that `syndic audit export` writes (docs/bundle.md): read, and every proof in it walked."""

import base64
import re
from dataclasses import dataclass, field
from typing import Any

import canonical
from findings import Rejected
from header import Header, read_header
from trie import decode_rlp, keccak, proven, scalar

DIGEST = re.compile(r"0x[0-9a-f]{64}")
ADDRESS = re.compile(r"0x[0-9a-f]{40}")
HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
FIELDS = {"schema", "chainId", "consensus", "ledger", "study", "headers", "nodes", "accounts", "logs", "documents"}
# A log may also tell its transaction and block. Nothing proves them, so nothing here reads them.
LOG_FIELDS, LOG_HINTS = {"topics", "data", "time"}, {"transaction", "block"}


@dataclass
class Chain:
    """What a block's state holds, as far as the bundle proves it."""

    chain_id: int
    header: Header
    codes: dict[str, bytes] = field(default_factory=dict)
    words: dict[tuple[str, int], int] = field(default_factory=dict)

    def word(self, contract: str, place: int) -> int:
        if (contract, place) not in self.words:
            raise Rejected("PROOF_INVALID", f"the bundle proves nothing of word {place:#x} of {contract}")
        return self.words[contract, place]

    def code(self, contract: str) -> bytes:
        if contract not in self.codes:
            raise Rejected("PROOF_INVALID", f"the bundle proves nothing of the code of {contract}")
        return self.codes[contract]


@dataclass(frozen=True)
class Bundle:
    chain: Chain
    ledger: str
    study: str
    logs: list[dict[str, Any]]
    documents: dict[str, bytes]


def read_bundle(data: bytes, trusted_block: str) -> Bundle:
    """Raises Rejected: DOCUMENT_INVALID when it is no bundle, CHAIN_MISMATCH when it is of another block than the
    trusted one, HEADER_UNKNOWN, PROOF_INVALID."""
    try:
        value = canonical.parse(data)
        _check_form(value)
        documents = {name: base64.b64decode(text, validate=True) for name, text in value["documents"].items()}
        if any(base64.b64encode(documents[name]).decode() != text for name, text in value["documents"].items()):
            raise ValueError("base64 that is spelt otherwise than it must be")
    except (ValueError, TypeError, KeyError) as cause:
        raise Rejected("DOCUMENT_INVALID", f"this is no bundle: {cause}") from cause
    header = read_header(value["headers"][0], value["consensus"])
    if "0x" + header.hash.hex() != trusted_block:
        what = f"the bundle is of block {header.number} with hash 0x{header.hash.hex()}, not of {trusted_block}"
        raise Rejected("CHAIN_MISMATCH", what)
    chain = Chain(value["chainId"], header)
    nodes = [bytes.fromhex(node[2:]) for node in value["nodes"]]
    for account in value["accounts"]:
        _prove(chain, account, nodes)
    return Bundle(chain, value["ledger"], value["study"], value["logs"], documents)


def _prove(chain: Chain, account: dict[str, Any], nodes: list[bytes]) -> None:
    """Yellow Paper, section 4.1: the state trie has RLP [nonce, balance, storageRoot, codeHash] at keccak(address), an
    account's trie the RLP of a scalar at keccak(place as 32 bytes); a word that is not there is zero."""
    address = account["address"]
    value = proven(chain.header.state_root, bytes.fromhex(address[2:]), [_node(nodes, at) for at in account["proof"]])
    code = bytes.fromhex(account["code"][2:])
    try:
        item = decode_rlp(value or b"")
        if not isinstance(item, list) or len(item) != 4 or any(len(item[i]) != 32 for i in (2, 3)):
            raise ValueError("it is no account")
        scalar(item[0], 8), scalar(item[1], 32)
    except (ValueError, TypeError) as cause:
        raise Rejected("PROOF_INVALID", f"no account is proven for {address}: {cause}") from cause
    if item[3] != keccak(code):
        raise Rejected("PROOF_INVALID", f"the code of {address} is not the one that is proven")
    chain.codes[address] = code
    for word in account["words"]:
        place = int(word["slot"], 16)
        found = proven(item[2], place.to_bytes(32, "big"), [_node(nodes, at) for at in word["proof"]])
        try:
            chain.words[address, place] = 0 if found is None else scalar(decode_rlp(found), 32)
        except ValueError as cause:
            raise Rejected("PROOF_INVALID", f"the value proven for word {place:#x} is none: {cause}") from cause


def _node(nodes: list[bytes], place: int) -> bytes:
    if place >= len(nodes):
        raise Rejected("DOCUMENT_INVALID", f"a proof names node {place}, which is not in the bundle")
    return nodes[place]


def _check_form(value: Any) -> None:
    if not isinstance(value, dict) or value.get("schema") != "syndic.bundle/1":
        raise ValueError("its schema is not syndic.bundle/1")
    _need(value.keys() == FIELDS, "its fields are not those of a bundle")
    _need(_count(value["chainId"]) and value["chainId"] > 0, "chainId")
    _need(value["consensus"] in ("ethereum", "clique", "qbft"), "consensus")
    _need(_is(ADDRESS, value["ledger"]) and _is(DIGEST, value["study"]), "ledger or study")
    _need(isinstance(value["headers"], list) and len(value["headers"]) > 0, "headers")
    _need(all(isinstance(header, dict) for header in value["headers"]), "headers")
    _need(all(_is(HEX, node) for node in value["nodes"]), "nodes")
    for account in value["accounts"]:
        _need(account.keys() == {"address", "proof", "code", "words"}, "an account's fields")
        _need(_is(ADDRESS, account["address"]) and _is(HEX, account["code"]), "an account")
        _need(all(map(_count, account["proof"])), "an account's proof")
        for word in account["words"]:
            _need(word.keys() == {"slot", "proof"} and _is(DIGEST, word["slot"]), "a word")
            _need(all(map(_count, word["proof"])), "a word's proof")
    for log in value["logs"]:
        _need(LOG_FIELDS <= log.keys() <= LOG_FIELDS | LOG_HINTS, "a log's fields")
        _need(1 <= len(log["topics"]) <= 4 and all(_is(DIGEST, topic) for topic in log["topics"]), "a log's topics")
        _need(_is(HEX, log["data"]) and _count(log["time"]), "a log")
    _need(isinstance(value["documents"], dict) and all(_is(DIGEST, name) for name in value["documents"]), "documents")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what}: malformed")


def _is(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
