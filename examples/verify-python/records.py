"""The records of a study against what the ledger's storage holds: history, totals, rosters, grants, verdicts."""

from dataclasses import dataclass

import storage
from bundle import Chain
from contracts import Contracts
from events import INCLUDED, History, Round
from findings import Findings


@dataclass(frozen=True)
class Audit:
    """One study under audit: what every check is given."""

    chain: Chain
    contracts: Contracts
    id: str
    study: storage.Study
    history: History
    findings: Findings

    def base_time(self, round: Round) -> int:
        """When the round's base came to stand: with the record before it, or with the opening."""
        before = [one.time for one in self.history.rounds if one.number == round.number - 1]
        return before[0] if before else self.study.opened_at


def check_history(audit: Audit) -> None:
    """Whether events and storage tell one history, without a gap, each round on the model of the one before."""
    study, history, check = audit.study, audit.history, audit.findings.check
    check("the events of a study make up one history", True, "", "")
    for fault in history.faults:
        check("the events of a study make up one history", False, "HISTORY_MISMATCH", fault)
    last = history.rounds[-1].model if history.rounds else study.initial_model
    pairs = {
        **{"operator": (study.operator, history.operator), "coordinator": (study.coordinator, history.coordinator)},
        **{"plan": (study.plan, history.plan), "initial model": (study.initial_model, history.initial_model)},
        **{"quorum": (study.quorum, history.quorum), "time of opening": (study.opened_at, history.opened_at)},
        **{"outcome": (study.outcome, history.outcome), "model": (study.model, last)},
        "head": (study.head, "0x" + history.head.hex()),
    }
    for name, (stored, told) in pairs.items():
        what = f"the study's {name} in storage is not what its events tell: {stored}, not {told}"
        check("what storage holds of a study equals what events make of it", stored == told, "HISTORY_MISMATCH", what)
    told_of = {round.number: round for round in history.rounds}
    for number in range(1, study.last_round + 1):
        stored = storage.read_record_hash(audit.chain, audit.contracts.RoundLedger, audit.id, number)
        round = told_of.get(number)
        name = "a record's hash, made anew from its events, is the one in storage"
        if round is None:
            check(name, False, "ROUND_GAP", f"no event tells of round {number}", number)
        else:
            what = f"the record of round {number} in storage is not the one that events tell"
            check(name, stored == round.record_hash, "HISTORY_MISMATCH", what, number)
    base = study.initial_model
    for round in history.rounds:
        what = f"round {round.number} was not built on the model that stood before it"
        name = "a round is built on the model that the last one made"
        check(name, base == round.base, "BASE_MISMATCH", what, round.number)
        base = round.model


def check_totals(audit: Audit) -> None:
    for slot, told in audit.history.totals().items():
        stored = storage.read_totals(audit.chain, audit.contracts.RoundLedger, audit.id, slot)
        what = f"the ledger's totals of slot {slot}, {stored}, are not the sum of its records, {told}"
        name = "a member's totals on chain are the sum of its records"
        audit.findings.check(name, stored == told, "TOTALS_MISMATCH", what, None, slot)


Grants = dict[int, list[storage.Grant]]


def read_grants(audit: Audit) -> Grants:
    """Of every slot that ever joined, or that a record names."""
    joined = storage.read_joined(audit.chain, audit.contracts.RoundLedger, audit.id)
    slots = list(dict.fromkeys([*joined, *audit.history.totals()]))
    return {slot: storage.read_grants(audit.chain, audit.contracts.DataUse, audit.id, slot) for slot in slots}


def grant_at(grants: Grants, slot: int, time: int) -> storage.Grant | None:
    return next((grant for grant in grants.get(slot, []) if grant.live(time)), None)


def check_rosters(audit: Audit, grants: Grants) -> None:
    """Whether every record accounts for its roster, and counts nobody without a live grant for the study's plan."""
    history, check = audit.history, audit.findings.check
    fixed_at = None
    for round in history.rounds:
        named = {entry.slot for entry in round.entries}
        for slot, given in grants.items():
            if fixed_at is None:
                due = slot in history.started
            else:
                due = _joined(given, fixed_at, history.started_at)
            what = f"the record of round {round.number} {'lacks' if due else 'names'} slot {slot} against its roster"
            name = "a record accounts for a member of its roster, and for nobody else"
            check(name, due is None or due == (slot in named), "ROSTER_MISMATCH", what, round.number, slot)
        for entry in round.entries:
            if entry.status == INCLUDED:
                grant = grant_at(grants, entry.slot, round.time)
                holds = grant is not None and grant.plan == audit.study.plan
                what = f"slot {entry.slot} was included in round {round.number} without a live grant for the plan"
                name = "an included member's grant was live, and for this plan"
                check(name, holds, "GRANT_MISSING", what, round.number, entry.slot)
        fixed_at = round.time


def _joined(grants: list[storage.Grant], time: int, started: int | None) -> bool | None:
    """Whether a slot was on the roster that was fixed at `time`. A grant that only ran out takes no slot off, unless it
    had when the study started. None: only the order within one second would tell."""
    held = [grant for grant in grants if started is None or grant.until > started]
    if any(time in (grant.granted_at, grant.revoked_at) for grant in held):
        return None
    return any(grant.granted_at < time and (grant.revoked_at == 0 or time < grant.revoked_at) for grant in held)


def check_verdicts(audit: Audit, slots: list[int]) -> bool:
    """What members said of the records, and whether the contract counts it right. Returns whether the study is final."""
    chain, verdicts, check = audit.chain, audit.contracts.Verdicts, audit.findings.check
    name = "the counts of attestations and disputes are of what members said"
    quorate = disputes = 0
    for number in (round.number for round in audit.history.rounds):
        said = storage.read_verdicts(chain, verdicts, audit.id, number, slots)
        for slot, member in said.members.items():
            what = f"slot {slot} disputes the record of round {number}"
            check(name, not member.disputed, "DISPUTE_OPEN", what, number, slot)
            what = f"it is proven on chain that the record of round {number} breaks slot {slot}'s receipt"
            check(name, member.omission == 0, "OMISSION_PROVEN", what, number, slot)
        what = f"the record of round {number} missed a receipt's time by {said.seconds_late} s"
        check(name, said.seconds_late == 0, "RECORD_LATE", what, number)
        attested = sum(member.attested for member in said.members.values())
        disputed = sum(member.disputed for member in said.members.values())
        what = f"the contract's counts of round {number} are not of what its members said"
        check(name, (attested, disputed) == (said.attested, said.disputed), "VERDICTS_MISMATCH", what, number)
        quorate += said.attested >= audit.study.quorum
        disputes += said.disputed
    stored = storage.read_standing(chain, verdicts, audit.id)
    what = f"the contract's standing of the study, {stored}, is not that of its rounds, {(quorate, disputes)}"
    check("the study's standing is that of its rounds", stored == (quorate, disputes), "VERDICTS_MISMATCH", what)
    closed = audit.study.outcome != 0
    final = closed and quorate == audit.study.last_round and disputes == 0
    what = f"of {audit.study.last_round} records, {quorate} are attested by the quorum; {disputes} disputes are open"
    check("a closed study is final", final or not closed, "NOT_FINAL", what)
    return final
