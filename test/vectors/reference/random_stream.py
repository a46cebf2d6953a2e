"""Seeded randomness: AES-256-CTR keyed by (seed, purpose, slot, round), and what is drawn from it."""

import hashlib

from .aes import ctr_blocks
from .rfc8785 import canonical

_DRAWS = 2**53


class RandomStream:
    def __init__(self, seed, purpose, slot, round_):
        self.key = hashlib.sha256(canonical([seed, purpose, slot, round_])).digest()
        self._blocks = ctr_blocks(self.key)
        self._rest = b""

    def bytes(self, count):
        while len(self._rest) < count:
            self._rest += next(self._blocks)
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _draw(self):
        return int.from_bytes(self.bytes(8), "little") >> 11

    def uniform(self):
        """In [0, 1): the top 53 bits of 8 little-endian bytes over 2^53."""
        return self._draw() / _DRAWS

    def integer(self, below):
        """In 0 ... below - 1, by rejection: draws at or over the largest multiple of `below` do not count."""
        limit = _DRAWS // below * below
        while True:
            drawn = self._draw()
            if drawn < limit:
                return drawn % below

    def shuffle(self, items):
        """Fisher-Yates from the end, in place."""
        for i in range(len(items) - 1, 0, -1):
            j = self.integer(i + 1)
            items[i], items[j] = items[j], items[i]
        return items

    def normal(self):
        """Twelve uniforms, summed in the order drawn, minus six."""
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0


def batch(seed, slot, rows, size, t):
    """Step t's batch (t from 0) of the site's endless sequence of shuffled epochs; short last batches are kept."""
    a_epoch = -(-rows // size)
    epoch, at = divmod(t, a_epoch)
    order = RandomStream(seed, f"batches/{epoch}", slot, 0).shuffle(list(range(rows)))
    return order[at * size : (at + 1) * size]
