"""JSON in its one spelling (RFC 8785): of equal values there is one text, so that a hash is a hash of the value."""

import json
import math
from decimal import Decimal
from typing import Any


def parse(data: bytes) -> Any:
    """Reads bytes that must be canonical. Raises ValueError on anything else, repeated keys included."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        if encode(value) != data:
            raise ValueError("the JSON is spelt otherwise than RFC 8785 has it")
    except RecursionError as cause:
        raise ValueError("the JSON is nested too deeply") from cause
    return value


def encode(value: Any) -> bytes:
    return _text(value).encode("utf-8")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        # RFC 8785, section 3.2.3: keys ascend by their UTF-16 code units.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        raise ValueError("a whole number of 2^53 or more")
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """ECMA-262, Number::toString: the shortest digits that read back as the same number, which `repr` finds too."""
    if not math.isfinite(value):
        raise ValueError("a number that is not finite")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, minus = "".join(map(str, digits)), "-" if sign else ""
    point = len(text) + int(exponent)
    if len(text) <= point <= 21:
        return minus + text + "0" * (point - len(text))
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
