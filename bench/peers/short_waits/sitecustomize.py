"""Loaded by Python itself where this folder is on PYTHONPATH: shortens the waits that Flower 1.41.0 and NVIDIA FLARE
2.9.0 have no setting for, from seconds to BENCH_WAIT. Their packages stay untouched."""
import os
import sys
import time

SLEEPS = {
    # send_and_receive, between two looks for replies
    "flwr.superlink.grid.http_grid": (3,),
    # a SuperNode without a message, and while its ClientApp works
    "flwr.supernode.start_client_internal": (3, 0.5),
    # the client's script, between two looks for a task or for its result
    "nvflare.app_common.executors.client_api.in_process_backend": (0.5,),
    "nvflare.client.in_process.api": (0.5,),
}
sleep, wait = time.sleep, float(os.environ["BENCH_WAIT"])


def shortened(seconds):
    caller = sys._getframe(1).f_globals.get("__name__")
    sleep(wait if seconds in SLEEPS.get(caller, ()) else seconds)


time.sleep = shortened
