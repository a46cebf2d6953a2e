"""A study's events, replayed: every record's hash and the head after each, made anew (DESIGN's "Ledger";
docs/contracts.md). Events are hints: they count once storage holds what they hash to."""

from dataclasses import dataclass, field
from typing import Any

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from bundle import Bundle
from findings import Rejected
from trie import keccak

INCLUDED = 1
# Name, types of its indexed fields after the study, types of its data.
EVENTS: dict[str, tuple[list[str], list[str]]] = {
    "StudyOpened": (["address", "address"], ["bytes32", "bytes32", "uint16", "bytes32", "bytes32"]),
    "StudyStarted": ([], ["uint16[]", "bytes32"]),
    "RoundRecorded": (["uint32"], ["uint8", "bytes32", "bytes32", "bytes32", "bytes32", "bytes32"]),
    "UpdateRecorded": (["uint32", "uint16"], ["uint8", "uint8", "bytes32", "uint64"]),
    "Noted": (["bytes32"], ["bytes32", "bytes32"]),
    "StudyClosed": ([], ["uint8", "bytes32"]),
}
TOPICS = {
    "0x" + keccak(f"{name}({','.join(['bytes32', *indexed, *data])})".encode()).hex(): name
    for name, (indexed, data) in EVENTS.items()
}


def _tag(name: str) -> bytes:
    return keccak(f"syndic.{name}.v1".encode())


def _hash(types: list[str], values: list[Any]) -> bytes:
    return keccak(encode(types, values))


@dataclass(frozen=True)
class Entry:
    slot: int
    status: int  # 0 absent, 1 included, 2 excluded, 3 not selected
    reason: int
    update: str
    samples: int

    def packed(self) -> bytes:
        word = self.samples << 32 | self.reason << 24 | self.status << 16 | self.slot
        return bytes.fromhex(self.update[2:]) + word.to_bytes(32, "big")


@dataclass(frozen=True)
class Round:
    number: int
    outcome: int  # 1 completed, 2 failed, 3 aborted
    base: str
    model: str
    manifest: str
    record_hash: str
    time: int
    entries: list[Entry]


@dataclass
class History:
    operator: str = ""
    coordinator: str = ""
    plan: str = ""
    initial_model: str = ""
    quorum: int = 0
    opened_at: int = 0
    started: list[int] = field(default_factory=list)
    started_at: int | None = None
    outcome: int = 0
    rounds: list[Round] = field(default_factory=list)
    head: bytes = b""
    faults: list[str] = field(default_factory=list)

    def extend(self, what: str, hash: bytes, told: bytes) -> None:
        self.head = _hash(["bytes32", "bytes32"], [self.head, hash])
        self.hold(what, "head", self.head, told)

    def hold(self, what: str, which: str, made: Any, told: Any) -> None:
        if made != told:
            self.faults.append(f"{what}: the event's {which} is not what its other fields make it")

    def totals(self) -> dict[int, tuple[int, int]]:
        """Rounds that included each slot, and its samples in them; of every slot that a record names, ascending."""
        sums: dict[int, tuple[int, int]] = {}
        for entry in (entry for round in self.rounds for entry in round.entries):
            rounds, samples = sums.get(entry.slot, (0, 0))
            counts = entry.status == INCLUDED
            sums[entry.slot] = (rounds + counts, samples + entry.samples * counts)
        return dict(sorted(sums.items()))


def replay(bundle: Bundle) -> History:
    """Raises Rejected HISTORY_MISMATCH when the events are none that the ledger can have sent."""
    try:
        return _Replay(bundle).history
    except (DecodingError, EncodingError, ValueError, OverflowError) as cause:
        raise Rejected("HISTORY_MISMATCH", f"the events are none that a ledger sends: {cause}") from cause


class _Replay:
    def __init__(self, bundle: Bundle) -> None:
        self.chain_id, self.ledger, self.study = bundle.chain.chain_id, bundle.ledger, bytes.fromhex(bundle.study[2:])
        self.history = History()
        self.entries: dict[int, list[Entry]] = {}
        events = [event for log in bundle.logs if (event := self._decoded(log)) is not None]
        for name, values, _ in events:
            if name == "UpdateRecorded":
                _, round, slot, status, reason, update, samples = values
                entry = Entry(slot, status, reason, "0x" + update.hex(), samples)
                self.entries.setdefault(round, []).append(entry)
        take = {
            **{"StudyOpened": self._opened, "StudyStarted": self._started, "RoundRecorded": self._recorded},
            **{"Noted": self._noted, "StudyClosed": self._closed},
        }
        for name, values, time in events:
            if name != "UpdateRecorded":
                take[name](values, time)

    def _decoded(self, log: dict[str, Any]) -> tuple[str, tuple[Any, ...], int] | None:
        name = TOPICS.get(log["topics"][0])
        if name is None:
            return None  # no event of a study: nothing of it is hashed
        indexed, types = EVENTS[name]
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"][1:]]
        values = decode(["bytes32", *indexed], b"".join(topics)) + decode(types, bytes.fromhex(log["data"][2:]))
        if len(topics) != 1 + len(indexed) or values[0] != self.study:
            raise ValueError(f"{name} has other topics, or is of another study")
        return name, values, log["time"]

    def _opened(self, values: tuple[Any, ...], time: int) -> None:
        study, operator, coordinator, plan, initial, quorum, salt, head = values
        told, self.history.opened_at = self.history, time
        told.operator, told.coordinator, told.quorum = operator, coordinator, quorum
        told.plan, told.initial_model = "0x" + plan.hex(), "0x" + initial.hex()
        types = ["uint256", "address", "address", "bytes32", "bytes32"]
        told.hold("the opening", "study", _hash(types, [self.chain_id, self.ledger, operator, plan, salt]), study)
        types = ["bytes32", "uint256", "address", "bytes32", "bytes32", "bytes32"]
        told.head = _hash(types, [_tag("study"), self.chain_id, self.ledger, study, plan, initial])
        told.hold("the opening", "head", told.head, head)

    def _started(self, values: tuple[Any, ...], time: int) -> None:
        study, slots, head = values
        self.history.started, self.history.started_at = list(slots), time
        packed = keccak(b"".join(slot.to_bytes(2, "big") for slot in slots))
        hash = _hash(["bytes32", "bytes32", "bytes32", "uint64"], [_tag("start"), study, packed, time])
        self.history.extend("the start", hash, head)

    def _recorded(self, values: tuple[Any, ...], time: int) -> None:
        study, number, outcome, base, model, manifest, told, head = values
        entries = self.entries.get(number, [])
        types = ["bytes32", "bytes32", "uint32", "uint8", "bytes32", "bytes32", "bytes32", "uint64", "bytes32"]
        packed = keccak(b"".join(entry.packed() for entry in entries))
        hash = _hash(types, [_tag("round"), study, number, outcome, base, model, manifest, time, packed])
        what = f"round {number}"
        self.history.hold(what, "record hash", hash, told)
        self.history.hold(what, "number", number, len(self.history.rounds) + 1)
        self.history.extend(what, hash, head)
        digests = ("0x" + digest.hex() for digest in (base, model, manifest, hash))
        self.history.rounds.append(Round(number, outcome, *digests, time, entries))

    def _noted(self, values: tuple[Any, ...], time: int) -> None:
        study, kind, digest, head = values
        types = ["bytes32", "bytes32", "bytes32", "bytes32", "uint64"]
        self.history.extend("a note", _hash(types, [_tag("note"), study, kind, digest, time]), head)

    def _closed(self, values: tuple[Any, ...], time: int) -> None:
        study, outcome, head = values
        self.history.outcome = outcome
        hash = _hash(["bytes32", "bytes32", "uint8", "uint64"], [_tag("close"), study, outcome, time])
        self.history.extend("the close", hash, head)
