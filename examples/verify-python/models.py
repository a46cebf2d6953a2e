"""Global models made anew, bit for bit, from base and updates, a block at a time."""

import hashlib
import json
import math
import re
import struct
from pathlib import Path
from typing import Any, Iterator

import numpy as np

from documents import Files
from events import INCLUDED, Round
from findings import Findings
from initial import initial_pieces

BLOCK = 1 << 16  # elements of each file that are held at a time
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}/[A-Za-z0-9_.-]{1,64}")
SALT = re.compile(r"0x[0-9a-f]{64}")
Tensors = list[tuple[str, list[int]]]


class TensorFile:
    """A safetensors file in the one spelling that Syndic has: tensors by name without gaps, float32, sorted keys, no
    spaces but those that pad the header to 8 bytes. Raises ValueError on any other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            prefix = file.read(8)
            if len(prefix) < 8 or (length := struct.unpack("<Q", prefix)[0]) > 1 << 20:
                raise ValueError(f"{path.name} has no header, or a longer one than it may have")
            text = file.read(length)
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError(f"{path.name}: the header is no object")
        self.metadata: dict[str, str] | None = header.pop("__metadata__", None)
        self.tensors: Tensors = [(name, _shape(name, entry)) for name, entry in header.items()]
        self.head = make_header(self.tensors, self.metadata)
        if self.head != prefix + text:
            raise ValueError(f"{path.name}: the header is not in its one spelling")
        self.elements = sum(math.prod(shape) for _, shape in self.tensors)
        if path.stat().st_size != len(self.head) + 4 * self.elements:
            raise ValueError(f"{path.name} has not the length that its header says")

    def blocks(self) -> Iterator[np.ndarray]:
        """The elements in file order, as float64."""
        with self.path.open("rb") as file:
            file.seek(len(self.head))
            while data := file.read(4 * BLOCK):
                yield np.frombuffer(data, dtype="<f4").astype(np.float64)


def _shape(name: str, entry: Any) -> list[int]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not NAME.fullmatch(name) or name.startswith("syndic.") or not isinstance(shape, list):
        raise ValueError(f"{name!r} is no tensor")
    if not all(type(size) is int and 0 < size < 2**53 for size in shape):
        raise ValueError(f"the shape of {name} is none")
    return shape


def make_header(tensors: Tensors, metadata: dict[str, str] | None = None) -> bytes:
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    at = 0
    for name, shape in sorted(tensors):
        end = at + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def averaged(base: TensorFile, updates: list[tuple[int, float, TensorFile]]) -> Iterator[bytes]:
    """The next global model's file in pieces, of updates as (slot, weight, file). For each element, in ascending slot
    order, in float64: acc += w * f64(update); then f32(f64(base) + acc / sum of w). numpy rounds each product and each
    sum once, as that asks for. Raises ValueError when an element is not finite."""
    ordered = sorted(updates, key=lambda update: update[0])
    total = 0.0
    for _, weight, _ in ordered:
        total += weight
    yield base.head
    for start, *blocks in zip(base.blocks(), *(file.blocks() for _, _, file in ordered), strict=True):
        sums = np.zeros_like(start)
        with np.errstate(all="ignore"):
            for (_, weight, _), block in zip(ordered, blocks):
                sums += weight * block
            made = (start + sums / total).astype("<f4")
        if not np.isfinite(made).all():
            raise ValueError("an element is not finite")
        yield made.tobytes()


def check_model(files: Files, findings: Findings, round: Round, manifest: dict[str, Any]) -> None:
    """Makes a completed round's model anew where its base and every update are here."""
    if round.outcome != 1:
        return
    included = [entry for entry in round.entries if entry.status == INCLUDED]
    paths = [files.model(digest, round.number) for digest in (round.base, *(entry.update for entry in included))]
    if missing := sum(path is None for path in paths):
        why = f"{missing} of the {len(paths)} files that it is made of are not here"
        findings.skip("the global model was not made anew", why, round.number)
        return
    weights = {line["slot"]: line["weight"] for line in manifest["entries"] if line["status"] == INCLUDED}
    what = f"the global model of round {round.number} is not what its base and updates make"
    try:
        made = _made(paths, [(entry.slot, float(weights[entry.slot])) for entry in included])
    except ValueError as cause:
        made, what = "", f"no global model comes of the base and updates of round {round.number}: {cause}"
    name = "a global model, made anew from its base and updates, is the one on record"
    findings.check(name, made == round.model, "MODEL_MISMATCH", what, round.number)


def _made(paths: list[Path], weighed: list[tuple[int, float]]) -> str:
    base, *files = map(TensorFile, paths)
    if base.metadata is not None:
        raise ValueError("the base has metadata")
    if len(files) < 2:
        raise ValueError("fewer than two updates are included")
    for (slot, _), file in zip(weighed, files):
        if file.tensors != base.tensors:
            raise ValueError(f"the update of slot {slot} has not the base's tensors")
        if file.metadata is None or file.metadata.keys() != {"salt"} or not SALT.fullmatch(file.metadata["salt"]):
            raise ValueError(f"the update of slot {slot} has no salt, or more than that")
    hashed = hashlib.sha256()
    for piece in averaged(base, [(slot, weight, file) for (slot, weight), file in zip(weighed, files)]):
        hashed.update(piece)
    return "0x" + hashed.hexdigest()


def check_initial(files: Files, findings: Findings, digest: str, plan: dict[str, Any]) -> None:
    """Makes the first model anew from the plan's seed, where its file is here to tell which tensors it has."""
    path, _ = files.look(digest)
    if path is None:
        findings.skip("the initial model was not made anew", "its file is not here to tell the shapes of its tensors")
        return
    what = "the initial model on chain is not the one that the plan makes"
    try:
        tensors = TensorFile(path).tensors
        hashed = hashlib.sha256(make_header(tensors))
        for piece in initial_pieces(plan, tensors):
            hashed.update(piece)
        made = "0x" + hashed.hexdigest()
    except (ValueError, KeyError, TypeError) as cause:
        made, what = "", f"{what}: {cause!r}"
    findings.check("the initial model, made anew from the plan, is the one on chain", made == digest, "INITIAL_MODEL_MISMATCH", what)
