"""Recursive length prefix (Yellow Paper, appendix B)."""


def encode(item):
    """`item`: bytes, or a list of items."""
    if isinstance(item, (bytes, bytearray)):
        if len(item) == 1 and item[0] < 0x80:
            return bytes(item)
        return _prefix(len(item), 0x80) + bytes(item)
    body = b"".join(encode(one) for one in item)
    return _prefix(len(body), 0xC0) + body


def _prefix(length, offset):
    if length < 56:
        return bytes([offset + length])
    digits = scalar(length)
    return bytes([offset + 55 + len(digits)]) + digits


def scalar(number):
    """A number's bytes: big-endian, without leading zeros, none at all of zero."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
