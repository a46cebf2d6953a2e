"""A study on chain from its opening to its close: ids, entries, record hashes and heads."""

from reference import ledger
from reference.eip712 import tohex
from reference.keccak import keccak256

from .common import ADDRESSES, CHAIN_ID, LEDGER, document, named

ABSENT, INCLUDED, EXCLUDED, NOT_SELECTED = 0, 1, 2, 3
COMPLETED, FAILED, ABORTED = 1, 2, 3
ZERO = "0x" + "0" * 64


def entry(slot, status, reason=0, samples=0):
    silent = status in (ABSENT, NOT_SELECTED)
    return {
        "slot": slot,
        "status": status,
        "reason": reason,
        "samples": samples,
        "update": ZERO if silent else named(f"update of {slot}, {status}, {reason}"),
    }


# Every status and every reason that there is, at the bounds of slot and samples too.
ROUNDS = [
    {
        "round": 1,
        "outcome": COMPLETED,
        "baseModel": named("initial model"),
        "globalModel": named("model 1"),
        "manifest": named("manifest 1"),
        "entries": [
            entry(1, INCLUDED, samples=199),
            entry(2, INCLUDED, samples=2**40 - 1),
            entry(3, ABSENT, 1),
            entry(7, EXCLUDED, 2, 30),
            entry(256, EXCLUDED, 3, 85),
            entry(300, EXCLUDED, 4, 1),
            entry(4095, EXCLUDED, 5, 12),
            entry(4096, EXCLUDED, 6, 13),
            entry(65535, NOT_SELECTED),
        ],
    },
    {
        "round": 2,
        "outcome": FAILED,
        "baseModel": named("model 1"),
        "globalModel": named("model 1"),
        "manifest": named("manifest 2"),
        "entries": [entry(1, EXCLUDED, 7, 199), entry(2, ABSENT, 1), entry(3, ABSENT, 4), entry(65535, NOT_SELECTED)],
    },
    {
        "round": 3,
        "outcome": ABORTED,
        "baseModel": named("model 1"),
        "globalModel": named("model 1"),
        "manifest": named("manifest 3"),
        "entries": [entry(1, EXCLUDED, 8, 199), entry(2, ABSENT, 8)],
    },
]

MANIFEST = {
    "schema": "syndic.manifest/1",
    "study": named("study"),
    "round": 1,
    "outcome": COMPLETED,
    "plan": named("plan"),
    "baseModel": named("initial model"),
    "globalModel": named("model 1"),
    "strategy": {"name": "fedavg"},
    "opened": 1_794_900_000,
    "deadline": 1_794_900_600,
    "closed": 1_794_900_017,
    "entries": [
        {
            "slot": 1,
            "status": INCLUDED,
            "reason": 0,
            "weight": 199,
            "statement": named("statement 1"),
            "receipt": named("receipt 1"),
            "report": named("report 1"),
        },
        {
            "slot": 2,
            "status": INCLUDED,
            "reason": 0,
            "weight": 0,
            "statement": named("statement 2"),
            "receipt": named("receipt 2"),
            "report": named("report 2"),
        },
        {"slot": 3, "status": ABSENT, "reason": 1},
    ],
}


class Chain:
    """Collects steps: what was hashed, its hash, the head after it."""

    def __init__(self, study, head):
        self.study, self.head, self.steps, self.time = study, head, [], 1_794_900_000

    def add(self, kind, values, make):
        self.time += 17
        hashed = make(self.time)
        self.head = ledger.extend(self.head, hashed)
        self.steps.append({"kind": kind, "time": self.time, **values, "hash": tohex(hashed), "head": tohex(self.head)})

    def start(self, slots):
        self.add("start", {"slots": slots}, lambda time: ledger.start_hash(self.study, slots, time))

    def record(self, record):
        encoded = ledger.encode_entries(record["entries"])
        values = {**record, "encodedEntries": tohex(encoded), "entriesHash": tohex(keccak256(encoded))}
        self.add("record", values, lambda time: ledger.record_hash(self.study, record, time, encoded))

    def note(self, kind, noted):
        values = {"noteKind": tohex(keccak256(kind.encode())), "kindName": kind, "digest": noted}
        self.add("note", values, lambda time: ledger.note_hash(self.study, values["noteKind"], noted, time))

    def close(self, outcome):
        self.add("close", {"outcome": outcome}, lambda time: ledger.close_hash(self.study, outcome, time))


def build():
    opened = {
        "chainId": CHAIN_ID,
        "ledger": LEDGER,
        "operator": ADDRESSES["operator"],
        "plan": named("plan"),
        "salt": named("salt of a study"),
        "initialModel": named("initial model"),
    }
    study = tohex(ledger.study_id(CHAIN_ID, LEDGER, opened["operator"], opened["plan"], opened["salt"]))
    first = ledger.first_head(CHAIN_ID, LEDGER, study, opened["plan"], opened["initialModel"])
    chain = Chain(study, first)
    chain.start([1, 2, 3, 7, 256, 300, 4095, 4096, 65535])
    chain.record(ROUNDS[0])
    chain.note("syndic.test.note", named("what is noted"))
    chain.record(ROUNDS[1])
    chain.record(ROUNDS[2])
    chain.close(ABORTED)
    closes = []
    for outcome in (COMPLETED, FAILED, ABORTED):
        other = Chain(study, first)
        other.close(outcome)
        closes += other.steps
    return {
        "tags": ledger.TAGS,
        "opened": {**opened, "study": study, "head": tohex(first)},
        "steps": chain.steps,
        # Closing straight after the opening, with each outcome.
        "closes": closes,
        "manifest": document(MANIFEST),
    }
