"""The files that openStudy names, made from plans of plan.json."""

from reference.model import tensors, initial_model

from .common import sha256
from .plan import plans


def build():
    cases = []
    for name, plan in plans().items():
        data = initial_model(plan)
        cases.append(
            {
                "plan": name,
                "tensors": [{"name": n, "shape": s} for n, s, _ in tensors(plan["model"]["topology"])],
                "bytes": "0x" + data.hex(),
                "sha256": sha256(data),
            }
        )
    return {"cases": cases}
