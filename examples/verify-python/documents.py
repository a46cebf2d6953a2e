"""Files named by their SHA-256, wherever the reader has them, and the form of each kind of document."""

import hashlib
import math
import re
from pathlib import Path
from typing import Any, Callable

import canonical
from findings import Findings

PIECE = 1 << 20
HEX_32, HEX_65 = re.compile(r"0x[0-9a-f]{64}"), re.compile(r"0x[0-9a-f]{130}")
# Bytes of each kind of document that are read at most.
MOST = {"plan": 1 << 20, "manifest": 2 << 20, "statement": 1 << 16, "receipt": 1 << 16, "report": 1 << 20}


class Files:
    """The bundle's documents, then the files of each folder. No byte is believed before it is hashed."""

    def __init__(self, documents: dict[str, bytes], folders: list[Path], findings: Findings) -> None:
        self.documents = documents
        self.folders = folders
        self.findings = findings
        self.whole: dict[str, Path] = {}

    def document(
        self, what: str, digest: str, round: int | None = None, slot: int | None = None
    ) -> bytes | None:
        """None, and a finding, when it is nowhere whole, or longer than such a document may be."""
        check = "a document has the SHA-256 that it is named by"
        held = self.documents.get(digest)
        if held is None or not _named(held, digest):
            path, there = self.look(digest)
            if path is None:
                code = "FILE_DAMAGED" if there or held is not None else "DOCUMENT_MISSING"
                self.findings.check(check, False, code, f"the {what} {digest} is nowhere whole", round, slot)
                return None
            size = path.stat().st_size
            held = path.read_bytes() if size <= MOST[what] else bytes(0)
        else:
            size = len(held)
        long = f"the {what} {digest} has more than {MOST[what]} bytes"
        holds = self.findings.check(check, size <= MOST[what], "DOCUMENT_MALFORMED", long, round, slot)
        return held if holds else None

    def model(self, digest: str, round: int) -> Path | None:
        """A model's or update's file. It may be missing; damaged, it is a finding besides."""
        path, there = self.look(digest)
        if there:
            what = f"the file named {digest} has other bytes"
            self.findings.check("a model or update has the SHA-256 that it is named by", path is not None, "FILE_DAMAGED", what, round)
        return path

    def look(self, digest: str) -> tuple[Path | None, bool]:
        """Where it is whole, if anywhere, and whether a file of that name was seen at all."""
        if digest in self.whole:
            return self.whole[digest], True
        there = False
        for path in (folder / digest[2:] for folder in self.folders):
            if not path.is_file():
                continue
            there, hashed = True, hashlib.sha256()
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    hashed.update(piece)
            if "0x" + hashed.hexdigest() == digest:
                self.whole[digest] = path
                return path, True
        return None, there


def _named(data: bytes, digest: str) -> bool:
    return "0x" + hashlib.sha256(data).hexdigest() == digest


Form = Callable[[Any], bool]


def whole_number(low: int, high: int) -> Form:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def hex_like(pattern: re.Pattern[str]) -> Form:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def weight(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value and math.isfinite(value)


DIGEST, TIME = hex_like(HEX_32), whole_number(0, 2**53 - 1)
SLOT, ROUND, SAMPLES = whole_number(1, 0xFFFF), whole_number(1, 2**32 - 1), whole_number(0, 2**40 - 1)
COMMON = {"study": DIGEST, "round": ROUND, "slot": SLOT, "baseModel": DIGEST, "update": DIGEST, "samples": SAMPLES}
STATEMENT = {**COMMON, "plan": DIGEST, "dataset": DIGEST, "report": DIGEST}
RECEIPT = {**COMMON, "statement": DIGEST, "recordBy": TIME}
ENTRY = {"slot": SLOT, "status": whole_number(0, 3), "reason": whole_number(0, 255)}
ENTRY_MAY = {"weight": weight, "statement": DIGEST, "receipt": DIGEST, "report": DIGEST}
MANIFEST: dict[str, Form] = {
    **{"schema": lambda value: value == "syndic.manifest/1", "study": DIGEST, "round": ROUND},
    **{"outcome": whole_number(1, 3), "plan": DIGEST, "baseModel": DIGEST, "globalModel": DIGEST},
    **{"strategy": lambda value: value == {"name": "fedavg"}, "opened": TIME, "deadline": TIME, "closed": TIME},
    "entries": lambda value: isinstance(value, list) and len(value) <= 2000,
}
MANIFEST_MAY: dict[str, Form] = {"selection": lambda value: value == {"kind": "all"}, "state": DIGEST}


def hold_form(value: Any, must: dict[str, Form], may: dict[str, Form] | None = None) -> None:
    """Raises ValueError unless `value` has every field of `must`, none besides those of `may`, each of its form."""
    forms = must | (may or {})
    if not isinstance(value, dict) or not must.keys() <= value.keys() <= forms.keys():
        raise ValueError(f"its fields are not {', '.join(must)}")
    for name in value:
        if not forms[name](value[name]):
            raise ValueError(f"{name} is malformed")


def read_manifest(data: bytes) -> dict[str, Any]:
    manifest = canonical.parse(data)
    hold_form(manifest, MANIFEST, MANIFEST_MAY)
    entries = manifest["entries"]
    for entry in entries:
        hold_form(entry, ENTRY, ENTRY_MAY)
        if entry["status"] == 1 and not ENTRY_MAY.keys() <= entry.keys():
            raise ValueError("an included entry lacks its weight or a document")
    if any(before["slot"] >= after["slot"] for before, after in zip(entries, entries[1:])):
        raise ValueError("slots do not ascend")
    return manifest


def read_signed(data: bytes, message: dict[str, Form]) -> dict[str, Any]:
    """A statement or a receipt."""
    document = canonical.parse(data)
    hold_form(document, {"message": lambda value: isinstance(value, dict), "signature": hex_like(HEX_65)})
    hold_form(document["message"], message)
    return document


PLAN_USES: dict[str, Form] = {
    "quorum": whole_number(2, 0xFFFF),
    "maxSamples": whole_number(1, 2**40 - 1),
    "weighting": lambda value: value in ("samples", "capped", "uniform"),
    "strategy": lambda value: isinstance(value, dict) and value.get("name") == "fedavg",
    "seed": whole_number(0, 2**53 - 1),
    "model": lambda value: isinstance(value, dict),
}


def read_plan(data: bytes) -> dict[str, Any]:
    """The part of a plan that a verdict needs; the rest is bound by its hash."""
    plan = canonical.parse(data)
    if not isinstance(plan, dict):
        raise ValueError("it is no object")
    hold_form({name: plan[name] for name in PLAN_USES if name in plan}, PLAN_USES)
    return plan
