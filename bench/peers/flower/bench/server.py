import json
import os
import time

import numpy as np
from flwr.app import ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

app = ServerApp()


class Timed(FedAvg):
    """FedAvg as shipped; notes when each round begins and how many updates it averaged."""

    def __init__(self, **options):
        super().__init__(**options)
        self.bounds, self.updates = [], []

    def configure_train(self, *args, **kwargs):
        self.bounds.append(time.time())
        return super().configure_train(*args, **kwargs)

    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        self.updates.append(sum(not reply.has_error() for reply in replies))
        result = super().aggregate_train(server_round, replies)
        self.ended = time.time()
        return result


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    try:
        outcome = run(grid, config)
    except Exception as error:  # whoever waits for the outcome is told
        outcome = {"error": repr(error)}
    with open(config["outcome"] + ".part", "w") as file:
        json.dump(outcome, file)
    os.rename(config["outcome"] + ".part", config["outcome"])


def run(grid: Grid, config) -> dict:
    clients = int(config["clients"])
    initial = [
        np.random.default_rng(i).standard_normal(int(config["elements"]), dtype=np.float32)
        for i in range(int(config["arrays"]))
    ]
    strategy = Timed(
        fraction_train=1.0, fraction_evaluate=0.0, min_train_nodes=clients, min_available_nodes=clients
    )
    result = strategy.start(grid=grid, initial_arrays=ArrayRecord(initial), num_rounds=int(config["rounds"]))
    moved = [b - a for a, b in zip(initial, result.arrays.to_numpy_ndarrays(), strict=True)]
    return {
        "bounds": [*strategy.bounds, strategy.ended],
        "updates": strategy.updates,
        "moved": [float(f(m)) for m in moved for f in (np.min, np.max)],
    }
