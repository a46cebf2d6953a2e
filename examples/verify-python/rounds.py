"""A round's documents: manifest against record, statements and receipts against both and against keys on chain."""

from dataclasses import dataclass
from typing import Any, Callable

import storage
from documents import RECEIPT, STATEMENT, Files, read_manifest, read_plan, read_signed
from events import INCLUDED, Entry, Round
from records import Audit, Grants, grant_at
from signatures import RECEIPT as RECEIPT_TYPE
from signatures import UPDATE, digest, signer_of

Document = dict[str, Any]


@dataclass(frozen=True)
class Rounds:
    audit: Audit
    files: Files
    grants: Grants

    def plan(self) -> Document | None:
        """None, and a finding, when it cannot be read. Its hash is the one on chain, or it would not be found."""
        study, check = self.audit.study, self.audit.findings.check
        plan = self._read("plan", study.plan, read_plan)
        if plan is not None:
            what = f"the quorum on chain, {study.quorum}, is not the plan's, {plan['quorum']}"
            check("the plan is the one that the study was opened with", plan["quorum"] == study.quorum, "PLAN_MISMATCH", what)
        return plan

    def manifest(self, round: Round, plan: Document) -> Document | None:
        """None, and a finding, when it cannot be read or has other entries than its record."""
        manifest = self._read("manifest", round.manifest, read_manifest, round.number)
        if manifest is None:
            return None
        due = {
            **{"study": self.audit.id, "round": round.number, "outcome": round.outcome, "plan": self.audit.study.plan},
            **{"baseModel": round.base, "globalModel": round.model},
        }
        for name, value in due.items():
            self._hold_manifest(manifest[name] == value, f"{name} is not the record's", round)
        self._hold_manifest(manifest["strategy"]["name"] == plan["strategy"]["name"], "strategy is not the plan's", round)
        lines = [(line["slot"], line["status"], line["reason"], line.get("weight")) for line in manifest["entries"]]
        entries = [(one.slot, one.status, one.reason, weight_of(one, plan)) for one in round.entries]
        what = "entries (slot, status, reason, weight) are not what record and plan make them"
        return manifest if self._hold_manifest(lines == entries, what, round) else None

    def statements(self, round: Round, plan: Document, manifest: Document) -> None:
        for entry, line in zip(round.entries, manifest["entries"]):
            place = (round.number, entry.slot)
            if "statement" not in line:
                continue
            statement = self._read("statement", line["statement"], lambda data: read_signed(data, STATEMENT), *place)
            if statement is None:
                continue
            if "report" in line:
                self.files.document("report", line["report"], *place)
            self._statement(round, entry, plan, statement, line)
            if "receipt" not in line:
                continue
            receipt = self._read("receipt", line["receipt"], lambda data: read_signed(data, RECEIPT), *place)
            if receipt is not None:
                self._receipt(round, entry, statement["message"], receipt)

    def _statement(self, round: Round, entry: Entry, plan: Document, statement: Document, line: Document) -> None:
        audit, check, message = self.audit, self.audit.findings.check, statement["message"]
        place, whose = (round.number, entry.slot), f"the statement of slot {entry.slot} in round {round.number}"
        due = {"study": audit.id, "round": round.number, "slot": entry.slot, "plan": audit.study.plan}
        due |= {"baseModel": round.base, "report": line.get("report", message["report"])}
        # Of who is said to be absent or not selected the record has no update: the receipt shows whether that is true.
        if entry.status in (1, 2):
            due |= {"update": entry.update, "samples": entry.samples}
        for name, value in due.items():
            what = f"{whose} has another {name} than the record"
            check("a statement says what the record says of its member", message[name] == value, "STATEMENT_MISMATCH", what, *place)
        signer, key = self._signed_by(UPDATE, statement)
        since, until = audit.base_time(round), round.time
        valid = key is not None and key.slot == entry.slot and key.valid_from <= until
        valid = valid and (key.valid_to == 0 or key.valid_to > since)
        what = f"{whose} is signed by {signer or 'nobody'}, which was no key of its member then"
        check("a statement is signed by a key that its member had then", valid, "STATEMENT_UNSIGNED", what, *place)
        if entry.status != INCLUDED:
            return
        if valid:
            ended = key.compromised and 0 < key.valid_to <= until
            what = f"{whose} is signed by {signer}, revoked as compromised: whether before the record, storage does not tell"
            check("a key that signed was not revoked as compromised", not ended, "KEY_COMPROMISED", what, *place)
        grant = grant_at(self.grants, entry.slot, round.time)
        version = None
        if grant is not None:
            version = storage.read_version(
                audit.chain, audit.contracts.DataUse, entry.slot, grant.dataset, message["dataset"]
            )
        anchored = version is not None and version[0] <= round.time
        what = f"{whose} names {message['dataset']}, which is no version of the dataset that its member granted"
        check("a dataset's version was anchored before it was used", anchored, "DATASET_UNKNOWN", what, *place)
        most = min(plan["maxSamples"], version[1] if version is not None else plan["maxSamples"])
        what = f"slot {entry.slot} declares {entry.samples} samples in round {round.number}; at most {most} are allowed"
        name = "declared samples are within the dataset's version and the plan"
        check(name, entry.samples <= most, "SAMPLES_EXCEEDED", what, *place)

    def _receipt(self, round: Round, entry: Entry, statement: Document, receipt: Document) -> None:
        audit, check, message = self.audit, self.audit.findings.check, receipt["message"]
        place, whose = (round.number, entry.slot), f"the receipt of slot {entry.slot} in round {round.number}"
        name = "a receipt says what its statement says, and is of the study's coordinator"
        due = {"study": audit.id, "round": round.number, "slot": entry.slot}
        due |= {field: statement[field] for field in ("baseModel", "update", "samples")}
        due["statement"] = "0x" + self._digest(UPDATE, statement).hex()
        for field, value in due.items():
            what = f"{whose} has another {field} than the statement"
            check(name, message[field] == value, "RECEIPT_MISMATCH", what, *place)
        signer, key = self._signed_by(RECEIPT_TYPE, receipt)
        owned = key is not None and key.owner == audit.study.coordinator
        what = f"{whose} is signed by {signer or 'nobody'}, which is no key of the study's coordinator"
        if not check(name, owned, "RECEIPT_MISMATCH", what, *place):
            return
        broken, late = how_broken(message, entry), round.time > message["recordBy"]
        if key.compromised:
            code, told = "RECEIPT_SILENCED", "its key was revoked as compromised"
        elif broken is None:
            code, told = "RECORD_LATE", "the record came too late"
        else:
            code, told = "RECEIPT_BROKEN", broken
        check("a record names what its receipts promised, in time", broken is None and not late, code, f"{whose}: {told}", *place)

    def _digest(self, type: str, message: Document) -> bytes:
        return digest(type, message, self.audit.chain.chain_id, self.audit.contracts.RoundLedger)

    def _signed_by(self, type: str, document: Document) -> tuple[str | None, storage.Key | None]:
        signer = signer_of(self._digest(type, document["message"]), document["signature"])
        if signer is None:
            return None, None
        return signer, storage.read_key(self.audit.chain, self.audit.contracts.Consortium, signer)

    def _hold_manifest(self, holds: bool, what: str, round: Round) -> bool:
        name, told = "a manifest says what its record says", f"the manifest of round {round.number}: its {what}"
        return self.audit.findings.check(name, holds, "MANIFEST_MISMATCH", told, round.number)

    def _read(
        self,
        what: str,
        named: str,
        read: Callable[[bytes], Document],
        round: int | None = None,
        slot: int | None = None,
    ) -> Document | None:
        data = self.files.document(what, named, round, slot)
        if data is None:
            return None
        try:
            return read(data)
        except ValueError as cause:
            told = f"the {what} {named}: {cause}"
            self.audit.findings.check("a document is what its kind must be", False, "DOCUMENT_MALFORMED", told, round, slot)
            return None


def weight_of(entry: Entry, plan: Document) -> int | None:
    """FedAvg weighs by declared samples, or each as one (McMahan et al., AISTATS 2017, algorithm 1). Others: not."""
    if entry.status != INCLUDED:
        return None
    return 1 if plan["weighting"] == "uniform" else entry.samples


def how_broken(receipt: Document, entry: Entry) -> str | None:
    """How a record breaks a receipt, its time aside. None: it keeps it."""
    if entry.status not in (1, 2):
        return "the record says that the member did not answer, or was not selected"
    if entry.update != receipt["update"]:
        return f"the record names another update, {entry.update}"
    if entry.samples != receipt["samples"]:
        return f"the record has {entry.samples} samples instead of {receipt['samples']}"
    return None
