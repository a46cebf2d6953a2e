"""Model and update files: safetensors with one spelling."""

import struct

from .rfc8785 import canonical


def f32(value):
    """`value` rounded to the nearest float32, ties to even, as a Python float. Overflow becomes infinity."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def pack(values):
    return struct.pack(f"<{len(values)}f", *values)


def unpack(data):
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def file_order(tensors):
    """Tensors are (name, shape, values); the file has them by their names' UTF-8 bytes."""
    return sorted(tensors, key=lambda tensor: tensor[0].encode("utf-8"))


def header(tensors, metadata=None):
    entries, at = {}, 0
    for name, shape, values in file_order(tensors):
        end = at + 4 * len(values)
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    if metadata is not None:
        entries["__metadata__"] = metadata
    # Names are ASCII, so the canonical order of keys is the order of their UTF-8 bytes.
    text = canonical(entries)
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def encode(tensors, metadata=None):
    """The whole file: 8 bytes of header length, the header, then every tensor's float32s, little-endian."""
    return header(tensors, metadata) + b"".join(pack(values) for _, _, values in file_order(tensors))
