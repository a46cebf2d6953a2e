"""Which contracts belong together, and whether their code is that of a build which the reader made."""

import json
from dataclasses import dataclass
from pathlib import Path

from eth_abi import encode

from bundle import Chain
from findings import Findings, Rejected
from signatures import domain_separator
from trie import keccak

# One function of each that neither of the others has: its selector stands in the code that dispatches calls.
MARKS = {
    "Consortium": "addCoordinator(address)",
    "DataUse": "addVersion(uint16,bytes32,bytes32,uint40)",
    "Verdicts": "attest(bytes32,uint32,uint16,bytes32)",
}
CHECK = "runtime code of a contract equals the released build"
# Immutables in the order of their declarations: those of OpenZeppelin's EIP712, then the contract's own.
EIP712 = ["separator", "chain", "self", "hashedName", "hashedVersion", "name", "version"]
OWN = {
    "Consortium": ["delay"],
    "DataUse": ["Consortium", "RoundLedger"],
    "Verdicts": ["Consortium", "RoundLedger"],
    "RoundLedger": ["Consortium", "DataUse", "Verdicts", "operatorRole"],
}


@dataclass(frozen=True)
class Contracts:
    RoundLedger: str
    Consortium: str
    DataUse: str
    Verdicts: str


def find_contracts(chain: Chain, ledger: str) -> Contracts:
    """The ledger's code names the other three: solc writes an immutable address as PUSH32. Which is which, their own
    selectors (PUSH4) say. Raises Rejected CODE_UNKNOWN."""
    code = chain.code(ledger)
    named = [at for at in chain.codes if b"\x7f" + bytes(12) + bytes.fromhex(at[2:]) in code and at != ledger]
    found = {}
    for name, signature in MARKS.items():
        mark = b"\x63" + keccak(signature.encode())[:4]
        matching = [at for at in named if mark in chain.codes[at]]
        if len(matching) != 1:
            raise Rejected("CODE_UNKNOWN", f"the code at {ledger} does not name one {name}: it is no ledger's")
        found[name] = matching[0]
    return Contracts(ledger, **found)


def check_code(chain: Chain, contracts: Contracts, build: Path | None, findings: Findings) -> None:
    """Holds the code against what the reader compiled: Foundry's `out/NAME.sol/NAME.json`."""
    if build is None:
        findings.skip("the contracts' code was not held against a build", "no --build was given: compare the hashes")
        return
    for name, address in vars(contracts).items():
        text = (build / f"{name}.sol" / f"{name}.json").read_text("utf-8")
        compiled = json.loads(text)["deployedBytecode"]
        holds = _is_build(chain, contracts, name, compiled)
        what = f"the code at {address} is not that of the build's {name}: its rules are not known"
        findings.check(CHECK, holds, "CODE_UNKNOWN", what)


def _is_build(chain: Chain, contracts: Contracts, name: str, compiled: dict) -> bool:
    code, expected = chain.code(getattr(contracts, name)), bytearray.fromhex(compiled["object"][2:])
    # solc numbers declarations in the order of the source.
    places = [compiled["immutableReferences"][key] for key in sorted(compiled["immutableReferences"], key=int)]
    names = EIP712 + OWN[name]
    if len(code) != len(expected) or len(places) != len(names):
        return False
    values = _immutables(chain, contracts, name)
    for immutable, references in zip(names, places):
        for reference in references:
            start = reference["start"]
            # Of a consortium's delay of recoveries, any is right, everywhere the same.
            first = references[0]["start"]
            value = values[immutable] if immutable != "delay" else code[first : first + 32]
            expected[start : start + 32] = value
    return bytes(expected) == code


def _immutables(chain: Chain, contracts: Contracts, name: str) -> dict[str, bytes]:
    self = getattr(contracts, name)
    return {
        "separator": domain_separator(chain.chain_id, self),
        "chain": encode(["uint256"], [chain.chain_id]),
        "self": encode(["address"], [self]),
        "hashedName": keccak(b"Syndic"),
        "hashedVersion": keccak(b"1"),
        "name": _short("Syndic"),
        "version": _short("1"),
        "operatorRole": keccak(b"syndic.operator"),
        **{other: encode(["address"], [address]) for other, address in vars(contracts).items()},
    }


def _short(text: str) -> bytes:
    """OpenZeppelin's ShortString: the text from the left, its length in the last byte."""
    return text.encode().ljust(31, b"\x00") + bytes([len(text)])
