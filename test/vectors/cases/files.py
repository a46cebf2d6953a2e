"""Model and update files, byte by byte. Numbers are given as float32 bit patterns, little-endian, in hex."""

from reference.safetensors import encode, header, pack, unpack

from .common import named, sha256

# Zero and minus zero, smallest subnormal and normal, largest, 1/3, 0.1, and neighbours of one.
AWKWARD = "00000000 00000080 01000000 00008000 ffff7f7f ffff7fff abaaaa3e cdcccc3d 0100803f ffff7f3f"


def numbers(hex_words):
    return unpack(bytes.fromhex(hex_words))


def case(name, tensors, metadata=None):
    data = encode(tensors, metadata)
    return {
        "name": name,
        # In the order given, which need not be the file's.
        "tensors": [{"name": n, "shape": s, "data": "0x" + pack(v).hex()} for n, s, v in tensors],
        "metadata": metadata,
        "header": header(tensors, metadata)[8:].decode("ascii"),
        "bytes": "0x" + data.hex(),
        "sha256": sha256(data),
    }


def build():
    salt = named("salt of an update")
    logistic = [
        ("logit/kernel", [13, 1], [i / 8 - 0.75 for i in range(13)]),
        ("logit/bias", [1], [-0.5]),
    ]
    return {
        "cases": [
            case("one number", [("a/b", [1], [1.0])]),
            case("logistic model", logistic),
            case("logistic update", [(n, s, [x / 3 for x in v]) for n, s, v in logistic], {"salt": salt}),
            case("awkward numbers", [("dense/kernel", [2, 5], numbers(AWKWARD))]),
            # Capitals before underscores before small letters, "-" and "." before "/", "10" before "2".
            case(
                "names by their bytes",
                [
                    (name, [1], [float(i)])
                    for i, name in enumerate(
                        ["b/w", "a/w", "a.b/w", "a-b/w", "a_b/w", "Z/w", "_/w", "layer2/w", "layer10/w", "a/W", "aa/w"]
                    )
                ],
                {"salt": named("another salt")},
            ),
            case(
                "convolution",
                [
                    ("conv/kernel", [2, 2, 1, 3], [i * 0.1 for i in range(12)]),
                    ("conv/bias", [3], [0.0, 0.0, 0.0]),
                    ("head/kernel", [3, 2], [i * -0.2 for i in range(6)]),
                    ("head/bias", [2], [1e-7, 1e7]),
                ],
            ),
        ]
    }
