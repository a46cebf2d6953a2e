"""usage: make_job.py FOLDER OPTIONS, the options as JSON; run it where the scripts of the job are."""
import glob
import json
import sys

from bench_persistor import BenchPersistor
from nvflare.fuel.utils.constants import FrameworkType
from nvflare.recipe.fedavg import FedAvgRecipe

folder, options = sys.argv[1], json.loads(sys.argv[2])
rounds = options["rounds"]
FedAvgRecipe(
    name="bench",
    min_clients=options["clients"],
    num_rounds=rounds,
    train_script="bench_client.py",
    framework=FrameworkType.NUMPY,
    model_persistor=BenchPersistor(options["arrays"], options["elements"], rounds, options["outcome"]),
).export(folder)


def edit(name, change):
    for path in glob.glob(f"{folder}/**/{name}", recursive=True):
        with open(path) as file:
            config = json.load(file)
        change(config)
        with open(path, "w") as file:
            json.dump(config, file)


def shorten_server(config):
    config.setdefault("server", {})["task_request_interval"] = options["wait"]
    for workflow in config["workflows"]:
        workflow.setdefault("args", {})["task_check_period"] = options["wait"]


def shorten_client(config):
    config["default_task_fetch_interval"] = options["wait"]


if options["wait"] is not None:
    edit("config_fed_server.json", shorten_server)
    edit("config_fed_client.json", shorten_client)
