#!/usr/bin/env python3
"""Recomputes every round of a finished study from its files, and holds each global model to it, byte by byte.

    npm run demo -- --json demo.json
    python3 examples/recompute/recompute.py demo.json

Shares no code with Syndic. Needs Python 3.9 or newer and numpy. Exit code 0: everything is equal; 1: something is not,
or a file is missing; 2: wrong usage. Memory stays the same however large the models are.
"""

import argparse
import hashlib
import json
import os
import struct
import sys

import numpy as np

ELEMENTS = 1 << 18  # of a tensor file held at a time
INCLUDED = 1
OUTCOMES = {1: "completed", 2: "failed", 3: "aborted"}


class Difference(Exception):
    """Something is not what it should be."""


def require(condition, what):
    if not condition:
        raise Difference(what)


# Files by their digests


class Store:
    """A folder whose files are named by the 64 hex digits of their SHA-256."""

    def __init__(self, folder):
        self.folder = folder
        self.checked = set()

    def path(self, digest):
        """Where the file is, once its bytes are known to hash to its name."""
        path = os.path.join(self.folder, digest[2:])
        require(os.path.isfile(path), f"{digest} is not in {self.folder}")
        if digest not in self.checked:
            hashed = hashlib.sha256()
            with open(path, "rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    hashed.update(block)
            require("0x" + hashed.hexdigest() == digest, f"{path} hashes to 0x{hashed.hexdigest()}")
            self.checked.add(digest)
        return path

    def document(self, digest):
        with open(self.path(digest), "rb") as file:
            return json.load(file)


# Tensor files


class TensorFile:
    """A safetensors file in the one spelling that Syndic allows."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            require(length <= 1 << 20, f"{path} has a header of {length} bytes")
            text = file.read(length)
        header = json.loads(text)
        self.start = 8 + length
        self.metadata = header.pop("__metadata__", None)
        self.tensors = [(name, entry["shape"]) for name, entry in header.items()]
        self.elements = sum(count(shape) for _, shape in self.tensors)
        require(make_header(self.tensors, self.metadata) == struct.pack("<Q", length) + text, f"{path}: odd header")
        require(os.path.getsize(path) == self.start + 4 * self.elements, f"{path} has not the length its header says")

    def read(self, begin, end):
        """Elements begin to end, in file order, as float32."""
        mapped = np.memmap(self.path, dtype="<f4", mode="r", offset=self.start, shape=(self.elements,))
        return np.array(mapped[begin:end])


def count(shape):
    product = 1
    for dimension in shape:
        product *= dimension
    return product


def make_header(tensors, metadata=None):
    """Sorted keys, no spaces, padded with spaces to 8 bytes; tensors without gaps, by name."""
    header, at = {}, 0
    for name, shape in sorted(tensors, key=lambda tensor: tensor[0].encode()):
        end = at + 4 * count(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, end]}
        at = end
    if metadata is not None:
        header["__metadata__"] = metadata
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def compare(path, pieces):
    """Holds a stored file to the bytes that were recomputed, piece by piece."""
    at = 0
    with open(path, "rb") as file:
        for piece in pieces:
            stored = file.read(len(piece))
            if stored != piece:
                where = next((i for i, (a, b) in enumerate(zip(stored, piece)) if a != b), len(stored))
                raise Difference(f"{path} differs from what was recomputed, from byte {at + where} on")
            at += len(piece)
        require(file.read(1) == b"", f"{path} goes on after the {at} bytes that were recomputed")


# The mean of a round


def averaged(base, updates):
    """The next global model in pieces. `updates`: (slot, weight, file); for each element, in ascending slot order,
    acc += w * f64(update), then f32(f64(base) + acc / sum of w)."""
    ordered = sorted(updates, key=lambda update: update[0])
    total = 0.0
    for _, weight, _ in ordered:
        total += float(weight)
    yield make_header(base.tensors)
    for begin in range(0, base.elements, ELEMENTS):
        end = min(begin + ELEMENTS, base.elements)
        accumulated = np.zeros(end - begin, dtype=np.float64)
        for _, weight, file in ordered:
            accumulated += float(weight) * file.read(begin, end).astype(np.float64)
        with np.errstate(all="ignore"):
            result = (base.read(begin, end).astype(np.float64) + accumulated / total).astype("<f4")
        require(bool(np.isfinite(result).all()), "the mean is not finite, yet the round is recorded as completed")
        yield result.tobytes()


def included_update(store, study, base, number, line, recorded):
    """The weight and the file of one included update, once everything about it agrees."""
    slot = line["slot"]
    statement = store.document(line["statement"])["message"]
    receipt = store.document(line["receipt"])["message"]
    report = store.document(line["report"])
    for document, name in ((statement, "statement"), (receipt, "receipt"), (report, "report")):
        agrees = (document["study"], document["round"], document["slot"]) == (study, number, slot)
        require(agrees, f"slot {slot}: its {name} is of another study, round or slot")
    for document, name in ((statement, "statement"), (receipt, "receipt")):
        agrees = (document["update"], document["samples"]) == (recorded["update"], recorded["samples"])
        require(agrees, f"slot {slot}: its {name} names another update or number of samples than the chain")
    require(statement["report"] == line["report"], f"slot {slot}: its statement names another report")
    file = TensorFile(store.path(recorded["update"]))
    require(file.tensors == base.tensors, f"slot {slot}: its update has not the base's tensors")
    salt = (file.metadata or {}).get("salt", "")
    require(len(salt) == 66, f"slot {slot}: its update has no salt")
    return line["weight"], file, statement


def recompute_round(store, told, plan, round_):
    """Recomputes one round; returns the number of included updates."""
    number, outcome = round_["round"], round_["outcome"]
    manifest = store.document(round_["manifest"])
    wanted = {
        "study": told["study"],
        "plan": told["plan"],
        "round": number,
        "outcome": outcome,
        "baseModel": round_["base"],
        "globalModel": round_["global"],
    }
    for key, value in wanted.items():
        require(manifest[key] == value, f"its manifest's {key} is {manifest[key]}; the chain has {value}")
    lines = [(line["slot"], line["status"]) for line in manifest["entries"]]
    require(lines == [(e["slot"], e["status"]) for e in round_["entries"]], "its manifest's entries are not the chain's")
    require(manifest["strategy"] == plan["strategy"], "its manifest's strategy is not the plan's")
    require(plan["strategy"] == {"name": "fedavg"}, "only fedavg can be recomputed here")
    base = TensorFile(store.path(round_["base"]))
    require(base.metadata is None, "its base has metadata")
    updates = []
    for line, recorded in zip(manifest["entries"], round_["entries"]):
        if line["status"] != INCLUDED:
            continue
        weight, file, statement = included_update(store, told["study"], base, number, line, recorded)
        agrees = (statement["plan"], statement["baseModel"]) == (told["plan"], round_["base"])
        require(agrees, f"slot {line['slot']}: its statement is of another plan or base")
        uniform = plan["weighting"] == "uniform"
        require(weight == (1 if uniform else recorded["samples"]), f"slot {line['slot']}: weighed with {weight}")
        updates.append((line["slot"], weight, file))
    if OUTCOMES[outcome] == "completed":
        require(len(updates) >= 2, f"it is completed with {len(updates)} updates")
        compare(store.path(round_["global"]), averaged(base, updates))
    else:
        require(not updates, "it includes updates, yet it is not completed")
        require(round_["global"] == round_["base"], "it changed the model, yet it is not completed")
    return len(updates)


# The initial model: AES-256 (FIPS 197) over many blocks at once, counter mode, and what is drawn from it


def double(byte):
    return ((byte << 1) ^ (0x1B if byte & 0x80 else 0)) & 0xFF


def make_sbox():
    """Inverses in GF(2^8) by powers of 3 and of its inverse, then the affine map."""
    box, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= double(p)
        for shift in (1, 2, 4):
            q ^= (q << shift) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        turned = q
        for shift in (1, 2, 3, 4):
            turned ^= ((q << shift) | (q >> (8 - shift))) & 0xFF
        box[p] = turned ^ 0x63
        if p == 1:
            return box


SBOX = make_sbox()
SBOX_ARRAY = np.array(SBOX, dtype=np.uint8)
DOUBLE_ARRAY = np.array([double(byte) for byte in range(256)], dtype=np.uint8)
SHIFTED = [(i + 4 * (i % 4)) % 16 for i in range(16)]


def round_keys(key):
    words, constant = [list(key[i : i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[i - 1]
        if i % 8 == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = double(constant)
        elif i % 8 == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[i - 8], word)])
    return np.array(words, dtype=np.uint8).reshape(15, 16)


def encrypt(keys, blocks):
    state = blocks ^ keys[0]
    for key in keys[1:-1]:
        columns = SBOX_ARRAY[state][:, SHIFTED].reshape(-1, 4, 4)
        every = columns[:, :, 0] ^ columns[:, :, 1] ^ columns[:, :, 2] ^ columns[:, :, 3]
        pairs = columns ^ np.roll(columns, -1, axis=2)
        state = (columns ^ every[:, :, None] ^ DOUBLE_ARRAY[pairs]).reshape(-1, 16) ^ key
    return SBOX_ARRAY[state][:, SHIFTED] ^ keys[-1]


class Stream:
    """Syndic's seeded stream: AES-256-CTR from a zero block, keyed by SHA-256 of [seed, purpose, slot, round]."""

    def __init__(self, seed, purpose, slot=0, round_=0):
        name = f'[{seed},"{purpose}",{slot},{round_}]'
        self.keys = round_keys(hashlib.sha256(name.encode()).digest())
        self.counter = 0
        self.rest = np.empty(0, dtype="<u8")

    def uniforms(self, wanted):
        """The top 53 bits of 8 little-endian bytes over 2^53, `wanted` times."""
        missing = max(0, wanted - len(self.rest))
        blocks = np.zeros(((missing + 1) // 2, 2), dtype=">u8")
        blocks[:, 1] = np.arange(self.counter, self.counter + len(blocks), dtype=np.uint64)
        self.counter += len(blocks)
        drawn = encrypt(self.keys, blocks.view(np.uint8).reshape(-1, 16)).tobytes()
        words = np.concatenate([self.rest, np.frombuffer(drawn, dtype="<u8")])
        self.rest = words[wanted:]
        return (words[:wanted] >> np.uint64(11)).astype(np.float64) / 2.0**53

    def normals(self, wanted):
        """Twelve uniforms, summed in the order drawn, minus six."""
        rows = self.uniforms(12 * wanted).reshape(wanted, 12)
        total = np.zeros(wanted)
        for i in range(12):
            total += rows[:, i]
        return total - 6.0


def fans(shape):
    if len(shape) < 2:
        return count(shape) ** 0.5, count(shape) ** 0.5
    window = count(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def initialise(initialiser, shape, stream, wanted):
    """The next `wanted` elements of a tensor, in float64."""
    kind, config = initialiser["class_name"], initialiser["config"]
    fan_in, fan_out = fans(shape)
    constants = {"Zeros": 0.0, "Ones": 1.0, "Constant": config.get("value")}
    uniform = {"GlorotUniform": fan_in + fan_out, "HeUniform": fan_in}
    normal = {"GlorotNormal": fan_in + fan_out, "HeNormal": fan_in}
    if kind in constants:
        return np.full(wanted, constants[kind], dtype=np.float64)
    if kind in uniform or kind == "RandomUniform":
        limit = float(np.sqrt(6 / uniform[kind])) if kind in uniform else None
        low, high = (-limit, limit) if kind in uniform else (config["minval"], config["maxval"])
        return low + (high - low) * stream.uniforms(wanted)
    if kind in normal or kind == "RandomNormal":
        mean = 0.0 if kind in normal else config["mean"]
        deviation = float(np.sqrt(2 / normal[kind])) if kind in normal else config["stddev"]
        return mean + deviation * stream.normals(wanted)
    raise Difference(f"the plan's initialiser {kind} is not known here")


def initial(plan, tensors):
    """The study's first model in pieces: one stream fills the tensors in file order."""
    layers = {layer["config"]["name"]: layer["config"] for layer in plan["model"]["topology"]["config"]["layers"]}
    stream = Stream(plan["seed"], "init")
    yield make_header(tensors)
    for name, shape in tensors:
        layer, _, weight = name.partition("/")
        require(f"{weight}_initializer" in layers.get(layer, {}), f"the plan's model has no {name}")
        initialiser, left = layers[layer][f"{weight}_initializer"], count(shape)
        while left > 0:
            wanted = min(left, ELEMENTS // 16)
            yield initialise(initialiser, shape, stream, wanted).astype("<f4").tobytes()
            left -= wanted


# All of it


def recompute(told):
    """Returns whether everything was equal."""
    store = Store(told["models"])
    plan = store.document(told["plan"])
    rounds = sorted(told["rounds"], key=lambda round_: round_["round"])
    require(rounds, "the study has no rounds")
    first = TensorFile(store.path(rounds[0]["base"]))
    compare(first.path, initial(plan, first.tensors))
    print(f"initial model {rounds[0]['base']}: {first.elements} numbers made from the plan's seed, equal", flush=True)
    base, faults = rounds[0]["base"], 0
    for expected, round_ in enumerate(rounds, start=1):
        try:
            require(round_["round"] == expected, f"round {expected} is not there")
            require(round_["base"] == base, f"its base is not the model before it, {base}")
            included = recompute_round(store, told, plan, round_)
            outcome = OUTCOMES[round_["outcome"]]
            print(f"round {expected}: {outcome}, {included} updates, {round_['global']}: equal", flush=True)
        except Difference as difference:
            faults += 1
            print(f"round {expected}: NOT EQUAL: {difference}", flush=True)
        base = round_["global"]
    if faults:
        print(f"{faults} of {len(rounds)} rounds are not what their files make them.")
    else:
        print(f"All {len(rounds)} rounds were recomputed from their files and are equal in every byte.")
    return faults == 0


def main():
    parser = argparse.ArgumentParser(description="Recomputes every round of a finished study from its files.")
    parser.add_argument("json", help="what `npm run demo -- --json FILE` wrote")
    parser.add_argument("--models", help="the folder of files by digest, when it is elsewhere than the JSON says")
    options = parser.parse_args()
    try:
        with open(options.json, encoding="utf-8") as file:
            told = json.load(file)
        if options.models:
            told["models"] = options.models
        return 0 if recompute(told) else 1
    except (Difference, OSError, KeyError, ValueError, TypeError, struct.error) as fault:
        print(f"cannot recompute: {type(fault).__name__}: {fault}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
