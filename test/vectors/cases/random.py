"""The seeded stream, what is drawn from it, and a site's batches."""

import math

from reference.random_stream import RandomStream, batch

KEYS = [(0, "init", 0, 0), (0, "split", 1, 0), (7, "batches/0", 3, 0), (9007199254740991, "split", 65535, 4294967295)]


def stream(key):
    def fresh():
        return RandomStream(*key)

    mixed = fresh()
    return {
        "seed": key[0],
        "purpose": key[1],
        "slot": key[2],
        "round": key[3],
        "key": "0x" + fresh().key.hex(),
        "bytes": "0x" + fresh().bytes(80).hex(),
        "uniforms": draw(fresh().uniform, 6),
        "normals": draw(fresh().normal, 4),
        "integers": [integers(fresh(), below) for below in (2, 6, 10, 1000, 2**31, 2**32 + 1, 2**52 + 1, 2**53 - 1)],
        "shuffle": fresh().shuffle(list(range(23))),
        # One stream, one position: 5 bytes, a uniform, 3 bytes, an integer below 100.
        "mixed": [
            "0x" + mixed.bytes(5).hex(),
            mixed.uniform(),
            "0x" + mixed.bytes(3).hex(),
            mixed.integer(100),
        ],
    }


def draw(function, count):
    return [function() for _ in range(count)]


def integers(fresh, below):
    return {"below": below, "values": [fresh.integer(below) for _ in range(8)]}


def batches(seed, slot, rows, size, steps):
    return {
        "seed": seed,
        "slot": slot,
        "rows": rows,
        "batchSize": size,
        "batches": [{"t": t, "rows": batch(seed, slot, rows, size, t)} for t in steps],
    }


def split(seed, slot, rows, fraction):
    """The first rows of the shuffled order are the test part: the fraction of them, rounded to the nearest row."""
    order = RandomStream(seed, "split", slot, 0).shuffle(list(range(rows)))
    held = math.floor(rows * fraction + 0.5)
    return {
        "seed": seed,
        "slot": slot,
        "rows": rows,
        "fraction": fraction,
        "test": sorted(order[:held]),
        "train": sorted(order[held:]),
    }


def build():
    return {
        "streams": [stream(key) for key in KEYS],
        "splits": [split(0, 1, 30, 0.34), split(0, 2, 30, 0.34), split(5, 1, 10, 0.25), split(5, 65535, 2, 0.2)],
        "batches": [
            # Two epochs and a half with a short last batch, and far into the sequence, where nothing before is drawn.
            batches(0, 1, 10, 4, [0, 1, 2, 3, 4, 5, 6, 7, 1499]),
            batches(1, 4, 30, 4, [0, 7, 8, 99, 100]),
            batches(1, 2, 12, 4, [0, 1, 2, 3]),
            batches(2, 3, 3, 8, [0, 1, 2]),
            batches(3, 65535, 1, 1, [0, 1, 1000000]),
        ],
    }
