"""RFC 8785: text in, canonical text and digest out."""

import json
import struct

import selftest
from reference.rfc8785 import canonical, number

from .common import sha256

SOURCES = {
    "nothing": "null",
    "empty": '{"b": [], "a": {}, "": ""}',
    "nested": '{"z": [{"b": 1, "a": [true, false, null]}], "a": {"y": {"x": 0}}}',
    "rfc-8785-sample": r"""{"numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}""",
    "keys-by-utf-16": r"""{"\u20ac": "Euro Sign", "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}""",
    "keys-that-look-like-numbers": '{"10": 1, "9": 2, "-1": 3, "1.5": 4, "01": 5}',
    "keys-of-objects": '{"__proto__": 1, "constructor": 2, "toString": 3}',
    "controls": r'"\u0000\u0001\u0008\u0009\u000a\u000b\u000c\u000d\u001f\u007f\u0080\u2028\u2029"',
    "no-normalisation": r'["\u00c5", "A\u030a", "\u212b"]',
    "numbers": "[0, -0, -0.0, 0.1, -1.5e-7, 1e-6, 1e-7, 123456789012, 9007199254740991, -9007199254740991, 5e-324]",
    "shortest-digits": "[0.30000000000000004, 0.3, 2.2250738585072014e-308, 0.2773500981126146, 1e-9, 0.001]",
}


def build():
    cases = []
    for name, source in SOURCES.items():
        data = canonical(json.loads(source))
        cases.append({"name": name, "source": source, "canonical": data.decode("utf-8"), "sha256": sha256(data)})
    numbers = [
        {"bits": bits, "text": number(struct.unpack(">d", bytes.fromhex(bits))[0])} for bits in sorted(selftest.NUMBERS)
    ]
    return {"cases": cases, "numbers": numbers}
