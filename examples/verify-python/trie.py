"""Proofs of a Merkle-Patricia trie (Yellow Paper, appendices B to D; EIP-1186). Nothing is read that is not hashed."""

from typing import Any

import rlp
from Crypto.Hash import keccak as _keccak

from findings import Rejected


def keccak(data: bytes) -> bytes:
    return _keccak.new(digest_bits=256, data=data).digest()


EMPTY_ROOT = keccak(b"\x80")  # of a trie without a key: the hash of the RLP of no bytes


def decode_rlp(data: bytes) -> Any:
    """Of each thing there is one spelling; another would be another hash of it. Raises ValueError."""
    try:
        item = rlp.decode(data)
    except rlp.exceptions.DecodingError as cause:
        raise ValueError(f"no RLP: {cause}") from cause
    if rlp.encode(item) != data:
        raise ValueError("RLP that is spelt otherwise than it must be")
    return item


def scalar(item: Any, size: int) -> int:
    """Big-endian, no leading zero; zero is no byte (Yellow Paper, appendix B). Raises ValueError."""
    if not isinstance(item, bytes) or len(item) > size or item[:1] == b"\x00":
        raise ValueError(f"no scalar of at most {size} bytes")
    return int.from_bytes(item, "big")


def proven(root: bytes, key: bytes, proof: list[bytes]) -> bytes | None:
    """The value at keccak(key) of a secure trie; None when the proof shows that there is none.

    Every node must be the one that the node above names (the first: `root`), and every node must be used.
    """
    try:
        return _Walk(proof).to(root, keccak(key))
    except ValueError as cause:
        raise Rejected("PROOF_INVALID", f"a proof does not hold: {cause}") from cause


class _Walk:
    def __init__(self, proof: list[bytes]) -> None:
        self.proof = proof
        self.used = 0

    def to(self, root: bytes, path: bytes) -> bytes | None:
        if root == EMPTY_ROOT and not self.proof:
            return None
        value = self._descend(self._named(root), list(path.hex()))
        if self.used != len(self.proof):
            raise ValueError(f"{len(self.proof)} nodes, of which the way uses {self.used}")
        return value

    def _descend(self, node: Any, nibbles: list[str]) -> bytes | None:
        if node == b"":
            return None  # the empty trie's only node
        while True:
            if not isinstance(node, list) or len(node) not in (2, 17):
                raise ValueError("a node is neither a branch nor a leaf nor an extension")
            if len(node) == 17:
                if not nibbles:
                    return None if node[16] == b"" else _value(node[16])
                child = node[int(nibbles[0], 16)]
                if child == b"":
                    return None
                node, nibbles = self._below(child), nibbles[1:]
                continue
            leaf, way = _way(node[0])
            if leaf:
                return _value(node[1]) if way == nibbles else None
            if nibbles[: len(way)] != way:
                return None
            node, nibbles = self._below(node[1]), nibbles[len(way) :]
            if not isinstance(node, list) or len(node) != 17:
                raise ValueError("an extension leads to no branch")

    def _below(self, reference: Any) -> Any:
        """A node of 32 bytes or more is named by its hash; a shorter one stands in its parent."""
        if isinstance(reference, list):
            if len(rlp.encode(reference)) >= 32:
                raise ValueError("a long node stands inside its parent")
            return reference
        if len(reference) != 32:
            raise ValueError("a node names no node below it")
        node = self._named(reference)
        if len(self.proof[self.used - 1]) < 32:
            raise ValueError("a short node is named by its hash")
        return node

    def _named(self, digest: bytes) -> Any:
        if self.used >= len(self.proof):
            raise ValueError(f"it ends before the node {digest.hex()}")
        data = self.proof[self.used]
        if keccak(data) != digest:
            raise ValueError(f"node {self.used} is not {digest.hex()}")
        self.used += 1
        return decode_rlp(data)


def _way(packed: Any) -> tuple[bool, list[str]]:
    """Hex-prefix (Yellow Paper, appendix C): flags leaf (2) and odd (1), a zero nibble after them when even."""
    if not isinstance(packed, bytes) or not packed:
        raise ValueError("a way is a list, or empty")
    flags, *nibbles = packed.hex()
    if flags not in "0123":
        raise ValueError("a way with unknown flags")
    leaf, odd = int(flags) & 2 != 0, int(flags) & 1 != 0
    if not odd and nibbles.pop(0) != "0":
        raise ValueError("a way whose padding is not zero")
    if not leaf and not nibbles:
        raise ValueError("an extension of nothing")
    return leaf, nibbles


def _value(item: Any) -> bytes:
    if not isinstance(item, bytes) or item == b"":
        raise ValueError("a value is a list, or of no bytes")
    return item
