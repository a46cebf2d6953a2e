"""RFC 8785, the JSON Canonicalization Scheme: ECMAScript's numbers, keys by UTF-16 code units, UTF-8 out."""

import math

_ESCAPES = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}


def number(value):
    """ECMAScript's Number::toString (radix 10) of a double. Python's repr finds the same shortest digits."""
    value = float(value)
    if not math.isfinite(value):
        raise ValueError("NaN and infinity have no JSON spelling")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    scale = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    scale -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= scale <= 21:
        text = digits + "0" * (scale - count)
    elif 0 < scale <= 21:
        text = digits[:scale] + "." + digits[scale:]
    elif -6 < scale <= 0:
        text = "0." + "0" * -scale + digits
    else:
        power = scale - 1
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + f"e{'+' if power > 0 else '-'}{abs(power)}"
    return sign + text


def string(value):
    parts = ['"']
    for character in value:
        code = ord(character)
        if 0xD800 <= code <= 0xDFFF:
            raise ValueError("a lone surrogate is not Unicode text")
        parts.append(_ESCAPES.get(code) or (f"\\u{code:04x}" if code < 0x20 else character))
    return "".join(parts) + '"'


def text(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(text(item) for item in value) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(string(key) + ":" + text(value[key]) for key in keys) + "}"
    raise TypeError(f"not a JSON value: {value!r}")


def canonical(value):
    """The canonical bytes of a JSON value."""
    return text(value).encode("utf-8")
