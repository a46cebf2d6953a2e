#!/usr/bin/env python3
"""Makes the vectors that hold Syndic's formats still: a second implementation, from the written design alone.

    python3 test/vectors/make.py             write every *.json beside this file
    python3 test/vectors/make.py --check     compare instead; exit 1 when a file differs, is missing or is one too many
    python3 test/vectors/make.py --selftest  hold this implementation to published figures, and nothing else

Python 3.10 or newer, standard library only.
"""

import argparse
import json
import pathlib
import sys

sys.dont_write_bytecode = True

import cases.aggregation  # noqa: E402
import cases.blocks  # noqa: E402
import cases.canonical_json  # noqa: E402
import cases.dataset_root  # noqa: E402
import cases.files  # noqa: E402
import cases.initial_model  # noqa: E402
import cases.ledger  # noqa: E402
import cases.plan  # noqa: E402
import cases.random  # noqa: E402
import cases.statements  # noqa: E402
import selftest  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 118

FILES = {
    "aggregation.json": cases.aggregation.build,
    "blocks.json": cases.blocks.build,
    "canonical-json.json": cases.canonical_json.build,
    "dataset-root.json": cases.dataset_root.build,
    "files.json": cases.files.build,
    "initial-model.json": cases.initial_model.build,
    "ledger.json": cases.ledger.build,
    "plan.json": cases.plan.build,
    "random.json": cases.random.build,
    "statements.json": cases.statements.build,
}


def spell(value, indent=0):
    """Sorted, indented JSON in which short values stay on one line and lists of numbers wrap."""
    flat = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    if not isinstance(value, (dict, list)) or len(flat) + indent <= WIDTH:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        body = [f"{json.dumps(key)}: {spell(value[key], indent + 2)}" for key in sorted(value)]
        return "{\n" + ",\n".join(inner + line for line in body) + "\n" + " " * indent + "}"
    items = [spell(item, indent + 2) for item in value]
    if all(isinstance(item, (int, float)) for item in value):
        lines = [""]
        for item in items:
            if len(inner) + len(lines[-1]) + len(item) + 2 > WIDTH:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + item + ","
        lines[-1] = lines[-1][:-1]
        return "[\n" + "\n".join(inner + line for line in lines) + "\n" + " " * indent + "]"
    return "[\n" + ",\n".join(inner + item for item in items) + "\n" + " " * indent + "]"


def generate():
    return {name: (spell(build()) + "\n").encode("ascii") for name, build in FILES.items()}


def compare(fresh):
    faults = []
    for name, wanted in fresh.items():
        path = HERE / name
        if not path.exists():
            faults.append(f"{name} is missing")
        elif path.read_bytes() != wanted:
            faults.append(f"{name} differs from a fresh generation")
    faults += [f"{path.name} is made by nothing here" for path in HERE.glob("*.json") if path.name not in fresh]
    return faults


def main():
    parser = argparse.ArgumentParser(description="Makes or checks the vectors in this folder.")
    parser.add_argument("--check", action="store_true", help="compare with the files here instead of writing them")
    parser.add_argument("--selftest", action="store_true", help="only hold this implementation to published figures")
    options = parser.parse_args()
    selftest.run()
    if options.selftest:
        print("selftest: every published figure is met")
        return 0
    fresh = generate()
    if options.check:
        faults = compare(fresh)
        for fault in faults:
            print(f"vectors: {fault}", file=sys.stderr)
        if faults:
            print("vectors: run `python3 test/vectors/make.py` and look at the difference", file=sys.stderr)
            return 1
        print(f"vectors: {len(fresh)} files are as generated")
        return 0
    for name, data in fresh.items():
        (HERE / name).write_bytes(data)
    print(f"vectors: wrote {len(fresh)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
