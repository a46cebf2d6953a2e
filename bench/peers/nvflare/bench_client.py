import numpy as np
import nvflare.client as flare


def main():
    """Training only adds one to every value."""
    flare.init()
    while flare.is_running():
        model = flare.receive()
        if model is None:
            break
        moved = {name: value + np.float32(1) for name, value in model.params.items()}
        meta = {"NUM_STEPS_CURRENT_ROUND": 100}
        flare.send(flare.FLModel(params=moved, meta=meta, current_round=model.current_round))


if __name__ == "__main__":
    main()
