"""Roots of dataset versions: trees of 1 to 9 rows under one secret."""

from reference import merkle
from reference.eip712 import tohex, unhex

from .common import named

ROWS = [
    [63, 1, 1, 145, 233, 1, 2, 150, 0, 2.3, 3, 0, 6, 0],
    [67, 1, 4, 160, 286, 0, 2, 108, 1, 1.5, 2, 3, 3, 2],
    [32, 1, 1, 95, 0, None, 0, 127, 0, 0.7, 1, None, None, 1],
    [None] * 14,
    [50.5, 0, 3, 1e-7, 1e21, -0.0, 0, 0, 0, -2.6, 0, 0, 0, 0],
    ["Zürich", "", 'say "yes"', "\n", "心", None, 1, 2, 3, 4, 5, 6, 7, 8],
    [63, 1, 1, 145, 233, 1, 2, 150, 0, 2.3, 3, 0, 6, 0],
    [0] * 14,
    [1] * 14,
]


def build():
    secret = named("secret of a version")
    return {
        "secret": secret,
        "rows": ROWS,
        "leaves": [tohex(merkle.leaf(unhex(secret), i, row)) for i, row in enumerate(ROWS)],
        "roots": [
            {"count": count, "root": tohex(merkle.root(unhex(secret), ROWS[:count]))}
            for count in range(1, len(ROWS) + 1)
        ],
    }
