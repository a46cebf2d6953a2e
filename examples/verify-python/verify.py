#!/usr/bin/env python3
"""Verifies a study from a bundle of `syndic audit export` and from model files: a second implementation, from the
documents alone, which shares no code with Syndic.

    pip install -r examples/verify-python/requirements.txt
    python3 examples/verify-python/verify.py study.json --trusted-block 0x9c1d… --artifacts ./models

Exit code 0: no fault was found; 9: one was, or the bundle proves nothing; 2: wrong usage.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import storage
from bundle import Bundle, read_bundle
from contracts import Contracts, check_code, find_contracts
from documents import Files
from events import History, replay
from findings import Findings, Rejected
from models import check_initial, check_model
from records import Audit, check_history, check_rosters, check_totals, check_verdicts, read_grants
from rounds import Rounds
from trie import keccak

FAULTY = 9


def verify(bundle: Bundle, folders: list[Path], build: Path | None) -> dict[str, Any]:
    """Establishes from what the bundle proves, and from files, who contributed what to which model."""
    findings = Findings()
    contracts = find_contracts(bundle.chain, bundle.ledger)
    study = storage.read_study(bundle.chain, bundle.ledger, bundle.study)
    if study is None:
        raise Rejected("NOT_FOUND", f"the ledger has no study {bundle.study}")
    history = replay(bundle)
    audit = Audit(bundle.chain, contracts, bundle.study, study, history, findings)
    check_code(bundle.chain, contracts, build, findings)
    check_history(audit)
    check_totals(audit)
    grants = read_grants(audit)
    check_rosters(audit, grants)
    check_rounds(Rounds(audit, Files(bundle.documents, folders, findings), grants))
    final = check_verdicts(audit, list(grants))
    return told(bundle, contracts, history, findings, final)


def check_rounds(rounds: Rounds) -> None:
    audit, files = rounds.audit, rounds.files
    plan = rounds.plan()
    if plan is None:
        audit.findings.skip("manifests, statements, receipts and models were not checked", "the plan could not be read")
        return
    check_initial(files, audit.findings, audit.study.initial_model, plan)
    for round in audit.history.rounds:
        manifest = rounds.manifest(round, plan)
        if manifest is None:
            why = "its manifest could not be read, or is not its record's"
            audit.findings.skip("statements, receipts and the model were not checked", why, round.number)
            continue
        rounds.statements(round, plan, manifest)
        check_model(files, audit.findings, round, manifest)


def told(bundle: Bundle, contracts: Contracts, history: History, findings: Findings, final: bool) -> dict[str, Any]:
    header = bundle.chain.header
    totals = history.totals().items()
    return {
        "study": bundle.study,
        "chainId": bundle.chain.chain_id,
        "block": {"number": header.number, "hash": "0x" + header.hash.hex(), "time": header.timestamp},
        "contracts": {
            name: {"address": address, "codeHash": "0x" + keccak(bundle.chain.code(address)).hex()}
            for name, address in vars(contracts).items()
        },
        "verified": findings.verified,
        "final": final,
        "head": "0x" + history.head.hex(),
        "rounds": [
            {"round": one.number, "outcome": one.outcome, "recordHash": one.record_hash, "globalModel": one.model}
            for one in history.rounds
        ],
        "totals": [{"slot": slot, "rounds": rounds, "samples": samples} for slot, (rounds, samples) in totals],
        "findings": [finding.told() for finding in findings.found],
        "unchecked": findings.unchecked,
        "checks": findings.examined,
    }


def show(report: dict[str, Any]) -> None:
    block = report["block"]
    print(f"study   {report['study']}")
    print(f"chain   {report['chainId']}, at block {block['number']} {block['hash']}")
    print(f"head    {report['head']}, after {len(report['rounds'])} rounds")
    for name, contract in report["contracts"].items():
        print(f"code    {name} at {contract['address']}: keccak-256 {contract['codeHash']}")
    for total in report["totals"]:
        print(f"slot    {total['slot']}: {total['samples']} samples in {total['rounds']} rounds")
    for check, examined in report["checks"].items():
        print(f"{examined:>7} {check}")
    for one in report["unchecked"]:
        place = f" (round {one['round']})" if "round" in one else ""
        print(f"not checked{place}: {one['what']}: {one['why']}")
    for one in report["findings"]:
        place = "".join(f", {name} {one[name]}" for name in ("round", "slot") if name in one)
        print(f"{one['severity']} {one['code']}{place}: {one['what']}")
    faults = sum(one["severity"] == "fault" for one in report["findings"])
    print("VERIFIED: no fault was found" if report["verified"] else f"NOT VERIFIED: {faults} faults were found")


def digest(text: str) -> str:
    if not re.fullmatch(r"0x[0-9a-f]{64}", text.lower()):
        raise argparse.ArgumentTypeError("32 bytes as 0x-hex are wanted")
    return text.lower()


def address(text: str) -> str:
    if not re.fullmatch(r"0x[0-9a-f]{40}", text.lower()):
        raise argparse.ArgumentTypeError("20 bytes as 0x-hex are wanted")
    return text.lower()


def folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return Path(text)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Verifies a study from a bundle, without Syndic's code.")
    parser.add_argument("bundle", type=argparse.FileType("rb"), help="what `syndic audit export` wrote")
    parser.add_argument("--trusted-block", type=digest, required=True, help="the block's hash, from whom you trust")
    parser.add_argument("--ledger", type=address, help="refuse a bundle of another ledger")
    parser.add_argument("--study", type=digest, help="refuse a bundle of another study")
    parser.add_argument("--artifacts", type=folder, action="append", default=[], help="files by their SHA-256; repeatable")
    parser.add_argument("--build", type=folder, help="what `forge build` makes of the contracts: their code is held to it")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def main() -> int:
    given = options().parse_args()
    try:
        with given.bundle as file:
            bundle = read_bundle(file.read(), given.trusted_block)
        for name, wanted in (("ledger", given.ledger), ("study", given.study)):
            if wanted not in (None, getattr(bundle, name)):
                raise Rejected("CHAIN_MISMATCH", f"the bundle is of {name} {getattr(bundle, name)}, not of {wanted}")
        report = verify(bundle, given.artifacts, given.build)
    except Rejected as rejected:
        finding = {"code": rejected.code, "severity": "fault", "what": rejected.what}
        report = {"verified": False, "findings": [finding]}
        if not given.json:
            print(f"fault {rejected.code}: {rejected.what}\nNOT VERIFIED: nothing can be said of the study")
    else:
        if not given.json:
            show(report)
    if given.json:
        print(json.dumps(report, indent=2))
    return 0 if report["verified"] else FAULTY


if __name__ == "__main__":
    sys.exit(main())
