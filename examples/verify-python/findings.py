"""What a verification finds. Codes are those of docs/findings/ and, where nothing can be verified at all, docs/errors.md."""

from dataclasses import dataclass, field
from typing import Any

# Facts that a reader should know and that prove nobody wrong; every other code is a fault.
NOTICES = {"KEY_COMPROMISED", "RECEIPT_SILENCED", "DISPUTE_OPEN", "RECORD_LATE", "NOT_FINAL"}


class Rejected(Exception):
    """Nothing can be said of the study: what the rest would stand on does not hold."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


@dataclass(frozen=True)
class Finding:
    code: str
    what: str
    round: int | None = None
    slot: int | None = None

    @property
    def severity(self) -> str:
        return "notice" if self.code in NOTICES else "fault"

    def told(self) -> dict[str, Any]:
        place = {"round": self.round, "slot": self.slot}
        known = {name: value for name, value in place.items() if value is not None}
        return {"code": self.code, "severity": self.severity, **known, "what": self.what}


@dataclass
class Findings:
    """Gathers findings, what could not be looked at, and how many things each check looked at."""

    found: list[Finding] = field(default_factory=list)
    unchecked: list[dict[str, Any]] = field(default_factory=list)
    examined: dict[str, int] = field(default_factory=dict)

    def check(
        self, check: str, holds: bool, code: str, what: str, round: int | None = None, slot: int | None = None
    ) -> bool:
        """Counts one more thing under `check`; unless it holds, finds `code`."""
        self.examined[check] = self.examined.get(check, 0) + 1
        if not holds:
            self.found.append(Finding(code, what, round, slot))
        return holds

    def skip(self, what: str, why: str, round: int | None = None) -> None:
        self.unchecked.append({"what": what, "why": why, **({} if round is None else {"round": round})})

    @property
    def verified(self) -> bool:
        return all(finding.severity == "notice" for finding in self.found)
