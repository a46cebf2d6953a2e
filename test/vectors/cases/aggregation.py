"""Federated averages: base and updates in, the global file's bytes out. Numbers are float32s, little-endian, in hex."""

from reference.model import federated_average
from reference.random_stream import RandomStream
from reference.safetensors import encode, f32, pack

from .common import named, sha256
from .files import numbers


def hexed(values):
    return "0x" + pack(values).hex()


def case(name, base, updates):
    """`updates`: (slot, weight, values), in the order in which they arrived."""
    averaged = federated_average(base, updates)
    model = encode([("dense/kernel", [len(base), 1], averaged)])
    return {
        "name": name,
        "base": hexed(base),
        "updates": [{"slot": slot, "weight": weight, "data": hexed(values)} for slot, weight, values in updates],
        "global": hexed(averaged),
        "file": sha256(model),
    }


def difference(name, local, base):
    """An update: f32(local) - f32(base), rounded to f32, and the salted file that carries it."""
    update, salt = [f32(a - b) for a, b in zip(local, base)], named(f"salt of {name}")
    file = encode([("dense/kernel", [len(base), 1], update)], {"salt": salt})
    return {
        "name": name,
        "local": hexed(local),
        "base": hexed(base),
        "update": hexed(update),
        "salt": salt,
        "file": sha256(file),
    }


def drawn(count, purpose, slot):
    """Numbers over many binades: mantissa and scale from one seeded stream, products exact."""
    stream = RandomStream(11, purpose, slot, 0)
    return [f32((stream.uniform() - 0.5) * 2.0 ** (stream.integer(24) - 12)) for _ in range(count)]


def generated():
    """Longer than a block of 4,096 elements and no multiple of any chunk: pinned by digests alone."""
    shapes = [("a/bias", [3]), ("a/kernel", [61, 71])]
    count = 3 + 61 * 71
    base = drawn(count, "vectors/base", 0)
    updates = [(slot, weight, drawn(count, "vectors/update", slot)) for slot, weight in ((1, 199), (2, 172), (9, 30))]

    def file(values, metadata=None):
        return encode([(shapes[0][0], shapes[0][1], values[:3]), (shapes[1][0], shapes[1][1], values[3:])], metadata)

    return {
        "seed": 11,
        "tensors": [{"name": name, "shape": shape} for name, shape in shapes],
        "base": sha256(file(base)),
        "updates": [
            {
                "slot": slot,
                "weight": weight,
                "salt": named(f"generated {slot}"),
                "file": sha256(file(values, {"salt": named(f"generated {slot}")})),
            }
            for slot, weight, values in updates
        ],
        "global": sha256(file(federated_average(base, updates))),
    }


def halfway(first, second):
    """Means that lie exactly between two float32s, for odd weights: one bit lost on the way and they round elsewhere,
    as they do when one multiplies by 1 / sum of w, or divides each weight by it first."""
    middles = [x + k * 2.0**-24 for x in (1.0, 1.25, 1.5, 1.75) for k in (1, 3, 5, 7)]
    low = [middle - second * 2.0**-24 for middle in middles]
    high = [middle + first * 2.0**-24 for middle in middles]
    name = f"halfway between float32s, weights {first} and {second}"
    return case(name, [0.0] * len(middles), [(1, first, low), (2, second, high)])


def build():
    awkward = numbers("00000000 00000080 01000000 00008000 abaaaa3e cdcccc3d 0100803f ffff7f3f ffff7f7e")
    minus = [-x for x in awkward]
    tiny = numbers("01000000 01000080 01000080 ffffff80 0000004b 01000034 00000033 00008034 ffff7f7e")
    # Cancels to nothing in exact arithmetic; in float64 what is left depends on the order of the slots.
    steep = [(1, 3, [1e30, 1e20, 1.0]), (2, 3, [-1e30, 1.0, 1e-30]), (3, 7, [1e-10, -1e20, -1.0])]
    steep = [(slot, weight, [f32(x) for x in values]) for slot, weight, values in steep]
    thirds = [f32(x) for x in (1 / 3, 0.1, -0.7, 1e-3, 16777216.0)]
    return {
        "differences": [
            difference("thirds", thirds, [f32(x) for x in (0.33333, 0.1, 0.7, -1e-3, 1.0)]),
            difference("awkward numbers", awkward, tiny),
        ],
        "cases": [
            case("two equals", [0.0, 1.0], [(1, 1, [1.0, 2.0]), (2, 1, [3.0, -2.0])]),
            case(
                "weights by samples",
                thirds,
                [(1, 199, thirds), (2, 172, [-x for x in thirds]), (3, 30, thirds), (4, 85, [f32(x / 3) for x in thirds])],
            ),
            case("awkward numbers", awkward, [(1, 3, minus), (2, 7, tiny)]),
            case("minus zero", [-0.0, -0.0, 0.0], [(1, 1, [-0.0, 0.0, -0.0]), (2, 1, [-0.0, -0.0, -0.0])]),
            case("cancellation", [0.0, 0.0, 0.0], steep),
            case("arrival is no order", [0.0, 0.0, 0.0], [steep[2], steep[0], steep[1]]),
            case("slots are ordered as numbers", [0.0, 0.0, 0.0], [(10, *steep[0][1:]), (9, *steep[1][1:]), (2, *steep[2][1:])]),
            case("a weight of zero", thirds, [(1, 0, [f32(3e38)] * 5), (2, 5, thirds), (3, 8, thirds)]),
            case("a large weight", thirds, [(1, 2**40 - 1, thirds), (2, 1, [-x for x in thirds])]),
            halfway(49, 49),
            halfway(103, 103),
            halfway(199, 171),
            halfway(3, 7),
            # The mean is just over a half of base's last place; rounded to float32 before it is added, it is not.
            case("one rounding at the end", [1.0], [(1, 1, [2.0**-24 + 2.0**-47]), (2, 1, [2.0**-24])]),
            case("rounding of halves", [1.0, 1.0], [(1, 1, [2.0**-24, 2.0**-23]), (2, 1, [2.0**-24, 2.0**-24])]),
        ],
        # Finite files whose average is not: the round fails.
        "overflow": {
            "base": hexed([f32(3e38)]),
            "updates": [{"slot": 1, "weight": 1, "data": hexed([f32(3e38)])}, {"slot": 2, "weight": 1, "data": hexed([f32(2e38)])}],
        },
        "generated": generated(),
    }
