"""A study's first model, from its plan's seed (DESIGN's "Two kinds of randomness")."""

import hashlib
import math
from typing import Any, Iterator

import numpy as np
from Crypto.Cipher import AES

PIECE = 1 << 14  # elements made at a time


class Stream:
    """AES-256-CTR from a zero counter block, keyed by the SHA-256 of the RFC 8785 array [seed, purpose, slot, round]."""

    def __init__(self, seed: int, purpose: str) -> None:
        key = hashlib.sha256(f'[{seed},"{purpose}",0,0]'.encode()).digest()
        self.cipher = AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=0)

    def uniforms(self, wanted: int) -> np.ndarray:
        """Each the top 53 bits of 8 little-endian bytes, over 2^53."""
        words = np.frombuffer(self.cipher.encrypt(bytes(8 * wanted)), dtype="<u8")
        return (words >> np.uint64(11)).astype(np.float64) / 2.0**53

    def normals(self, wanted: int) -> np.ndarray:
        """Each twelve uniforms, summed in the order drawn, minus six."""
        rows = self.uniforms(12 * wanted).reshape(wanted, 12)
        total = np.zeros(wanted)
        for i in range(12):
            total += rows[:, i]
        return total - 6.0


def initial_pieces(plan: dict[str, Any], tensors: list[tuple[str, list[int]]]) -> Iterator[bytes]:
    """The tensors' bytes: one stream fills them in file order."""
    layers = {layer["config"]["name"]: layer["config"] for layer in plan["model"]["topology"]["config"]["layers"]}
    stream = Stream(plan["seed"], "init")
    for name, shape in tensors:
        layer, _, weight = name.partition("/")
        initialiser, left = layers[layer][f"{weight}_initializer"], math.prod(shape)
        while left > 0:
            wanted = min(left, PIECE)
            yield _drawn(initialiser, shape, stream, wanted).astype("<f4").tobytes()
            left -= wanted


def _drawn(initialiser: dict[str, Any], shape: list[int], stream: Stream, wanted: int) -> np.ndarray:
    """The next elements of a tensor, in float64. Glorot and Bengio, AISTATS 2010, equations 12 and 16; He et al., ICCV
    2015, equation 10."""
    kind, config = initialiser["class_name"], initialiser["config"]
    fan_in, fan_out = _fans(shape)
    constants = {"Zeros": 0.0, "Ones": 1.0, "Constant": config.get("value")}
    spread = {"Glorot": fan_in + fan_out, "He": fan_in}
    if kind in constants:
        return np.full(wanted, constants[kind], dtype=np.float64)
    if kind.endswith("Uniform"):
        family = kind.removesuffix("Uniform")
        limit = math.sqrt(6 / spread[family]) if family in spread else 0.0
        low, high = (-limit, limit) if family in spread else (config["minval"], config["maxval"])
        return low + (high - low) * stream.uniforms(wanted)
    if kind.endswith("Normal"):
        family = kind.removesuffix("Normal")
        mean, deviation = (0.0, math.sqrt(2 / spread[family])) if family in spread else (config["mean"], config["stddev"])
        return mean + deviation * stream.normals(wanted)
    raise ValueError(f"the initialiser {kind} is not known here")


def _fans(shape: list[int]) -> tuple[float, float]:
    """As Keras counts them: a matrix has [in, out], a convolution's window comes before; else the root of all."""
    if len(shape) < 2:
        return math.sqrt(math.prod(shape)), math.sqrt(math.prod(shape))
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window
