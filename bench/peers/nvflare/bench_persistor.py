import json
import os
import time

import numpy as np
from nvflare.apis.fl_context import FLContext
from nvflare.app_common.abstract.model import ModelLearnable, ModelLearnableKey, make_model_learnable
from nvflare.app_common.abstract.model_persistor import ModelPersistor
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_common.app_event_type import AppEventType


class BenchPersistor(ModelPersistor):
    """Saves the global model every round, as the shipped one does, but several arrays of it; notes when each round
    begins and how many updates it averaged."""

    def __init__(self, arrays: int, elements: int, rounds: int, outcome: str):
        super().__init__()
        self.arrays, self.elements, self.rounds, self.outcome = arrays, elements, rounds, outcome
        self.bounds, self.updates = [], []

    def handle_event(self, event_type: str, fl_ctx: FLContext):
        if event_type == AppEventType.ROUND_STARTED:
            self.bounds.append(time.time())
        elif event_type == AppEventType.AFTER_AGGREGATION:
            self.updates.append(fl_ctx.get_prop(AppConstants.AGGREGATION_RESULT).meta["nr_aggregated"])
        super().handle_event(event_type, fl_ctx)

    def initial(self) -> dict:
        return {
            f"a{i}": np.random.default_rng(i).standard_normal(self.elements, dtype=np.float32)
            for i in range(self.arrays)
        }

    def load_model(self, fl_ctx: FLContext) -> ModelLearnable:
        return make_model_learnable(weights=self.initial(), meta_props={})

    def save_model(self, model_learnable: ModelLearnable, fl_ctx: FLContext):
        folder = os.path.join(fl_ctx.get_workspace().get_result_root(fl_ctx.get_job_id()), "models")
        os.makedirs(folder, exist_ok=True)
        weights = model_learnable[ModelLearnableKey.WEIGHTS]
        np.savez(os.path.join(folder, "server.npz"), **weights)
        if len(self.bounds) == self.rounds:
            self.tell(weights, ended=time.time())

    def tell(self, weights: dict, ended: float):
        moved = [weights[name] - value for name, value in self.initial().items()]
        outcome = {
            "bounds": [*self.bounds, ended],
            "updates": self.updates,
            "moved": [float(f(m)) for m in moved for f in (np.min, np.max)],
        }
        with open(self.outcome, "w") as file:
            json.dump(outcome, file)
