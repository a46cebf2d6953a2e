"""What is signed: digests, signatures and the stored documents, under fixed keys."""

from reference import eip712
from reference.eip712 import tohex
from reference.secp256k1 import recover, sign

from .common import ADDRESSES, CHAIN_ID, LEDGER, PRIVATE_KEYS, VERDICTS, document, named

TYPES = {
    "Update": eip712.UPDATE,
    "Receipt": eip712.RECEIPT,
    "Login": eip712.LOGIN,
    "OpenStudy": eip712.OPEN_STUDY,
    "Attest": eip712.ATTEST,
    "Dispute": eip712.DISPUTE,
}


def signed(name, type_name, signer, message, chain_id=CHAIN_ID, ledger=LEDGER):
    separator = eip712.domain_separator(chain_id, ledger)
    hashed = eip712.struct_hash(TYPES[type_name], message)
    digest = eip712.digest(separator, hashed)
    signature = sign(PRIVATE_KEYS[signer], digest)
    if tohex(recover(digest, signature)) != ADDRESSES[signer]:
        raise AssertionError(f"{name}: the signature does not recover to its signer")
    return {
        "name": name,
        "type": type_name,
        "domain": {"chainId": chain_id, "verifyingContract": ledger, "separator": tohex(separator)},
        "structHash": tohex(hashed),
        "digest": tohex(digest),
        "privateKey": tohex(PRIVATE_KEYS[signer]),
        "signer": ADDRESSES[signer],
        "signature": tohex(signature),
        "document": document({"message": message, "signature": tohex(signature)}),
    }


def update(round_=1, slot=1, samples=199, report=None):
    return {
        "study": named("study"),
        "round": round_,
        "slot": slot,
        "plan": named("plan"),
        "baseModel": named("base"),
        "update": named(f"update {slot} {round_}"),
        "samples": samples,
        "dataset": named("dataset root"),
        "report": report or named("report"),
    }


def receipt(statement, of, record_by):
    copied = {name: of[name] for name in ("study", "round", "slot", "baseModel", "update", "samples")}
    return {"statement": statement, **copied, "recordBy": record_by}


def attest(round_=1, slot=1):
    return {"study": named("study"), "round": round_, "slot": slot, "recordHash": named(f"record {round_}")}


def verdict(name, message):
    """Members sign their verdicts in the domain of the contract that checks them."""
    type_name = "Dispute" if "reason" in message else "Attest"
    return signed(name, type_name, "worker", message, CHAIN_ID, VERDICTS)


def metrics(loss, accuracy):
    """Of a site with 16 test rows, one of them negative: counts by class are withheld, and what rests on them."""
    withheld = {"value": None, "reason": "minCell"}
    return {
        "rows": {"value": 16},
        "positives": withheld,
        "negatives": withheld,
        "loss": {"value": loss},
        "accuracy": {"value": accuracy},
        "auroc": withheld,
    }


def build():
    report = document(
        {
            "schema": "syndic.report/1",
            "salt": named("salt of a report"),
            "study": named("study"),
            "round": 1,
            "slot": 1,
            "steps": 100,
            "runtime": {"backend": "wasm", "threads": 1, "library": "tfjs 4.22.0", "platform": "linux-x64"},
            "metrics": {"before": metrics(0.7312049865722656, 0.5), "after": metrics(0.6534, 0.8125)},
        }
    )
    plain = signed("a statement", "Update", "worker", update(report=report["sha256"]))
    largest = signed(
        "a statement at its bounds", "Update", "worker", update(2**32 - 1, 65535, 2**40 - 1), 1, "0x" + "f" * 40
    )
    # Domains differ by chain and by contract alone.
    elsewhere = [
        signed("another chain", "Update", "worker", update(), CHAIN_ID + 1),
        signed("another ledger", "Update", "worker", update(), CHAIN_ID, ADDRESSES["operator"]),
        signed("a chain id over 2^32", "Update", "worker", update(), 2**53 - 1),
    ]
    receipts = [
        signed("a receipt", "Receipt", "coordinator", receipt(plain["digest"], update(), 1_795_000_000)),
        signed("a receipt with times to spare", "Receipt", "coordinator", receipt(named("x"), update(3, 2, 0), 2**40)),
    ]
    logins = [
        signed(
            f"a login of the {who} to the {whom}",
            "Login",
            who,
            {"from": ADDRESSES[who], "to": ADDRESSES[whom], "nonce": named(f"nonce {who}"), "expires": 1_795_000_060},
        )
        for who, whom in (("worker", "coordinator"), ("coordinator", "worker"), ("operator", "coordinator"))
    ]
    opening = signed(
        "an opening",
        "OpenStudy",
        "operator",
        {
            "plan": named("plan"),
            "initialModel": named("base"),
            "coordinator": ADDRESSES["coordinator"],
            "minIncluded": 2,
            "salt": named("salt of a study"),
        },
    )
    verdicts = [
        verdict("an attestation", attest()),
        verdict("an attestation at its bounds", attest(2**32 - 1, 65535)),
        verdict("a dispute", {**attest(2), "reason": 1}),
        verdict("a dispute for the last of reasons", {**attest(3, 2), "reason": 255}),
    ]
    # Enough signatures that both values of v, and an s that had to be lowered, occur.
    many = [signed(f"statement {i}", "Update", "worker", update(i, 2, 100 + i)) for i in range(1, 9)]
    return {
        "typeHashes": {name: tohex(eip712.type_hash(type_)) for name, type_ in TYPES.items()},
        "report": report,
        "signed": [plain, largest, *elsewhere, *receipts, *logins, opening, *verdicts, *many],
    }
