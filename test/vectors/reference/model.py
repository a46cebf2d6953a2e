"""Seeded initial weights, and federated averaging."""

import math

from .random_stream import RandomStream
from .safetensors import encode, f32, file_order


def _fans(shape):
    """(fan in, fan out) as Keras counts them: a convolution's are times its window; a vector's are its root."""
    if len(shape) < 2:
        return math.sqrt(math.prod(shape)), math.sqrt(math.prod(shape))
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def _initialiser(config, shape, stream):
    """A function that gives one element after another, in float64 before rounding. Constants draw nothing."""
    kind, settings = config["class_name"], config["config"]
    fan_in, fan_out = _fans(shape)

    def uniform(low, high):
        return lambda: low + (high - low) * stream.uniform()

    def normal(mean, deviation):
        return lambda: mean + deviation * stream.normal()

    def within(limit):
        return uniform(-limit, limit)

    if kind in ("Zeros", "Ones", "Constant"):
        value = {"Zeros": 0.0, "Ones": 1.0}.get(kind, settings.get("value"))
        return lambda: value
    if kind == "RandomUniform":
        return uniform(settings["minval"], settings["maxval"])
    if kind == "RandomNormal":
        return normal(settings["mean"], settings["stddev"])
    # Glorot and Bengio 2010, equations 16 and 12; He et al. 2015, equation 10.
    if kind == "GlorotUniform":
        return within(math.sqrt(6 / (fan_in + fan_out)))
    if kind == "GlorotNormal":
        return normal(0, math.sqrt(2 / (fan_in + fan_out)))
    if kind == "HeUniform":
        return within(math.sqrt(6 / fan_in))
    if kind == "HeNormal":
        return normal(0, math.sqrt(2 / fan_in))
    raise ValueError(f"no such initialiser here: {kind}")


def _output(shape, layer):
    """The shape of a row after `layer`, and the kernel's shape where it has one."""
    config = layer["config"]
    match layer["class_name"]:
        case "Dense":
            return [*shape[:-1], config["units"]], [shape[-1], config["units"]]
        case "Reshape":
            return config["target_shape"], None
        case "Flatten":
            return [math.prod(shape)], None
        case "Conv2D":
            field = [side - window + 1 for side, window in zip(shape, config["kernel_size"])]
            return [*field, config["filters"]], [*config["kernel_size"], shape[-1], config["filters"]]
    raise ValueError(f"no such layer here: {layer['class_name']}")


def tensors(topology):
    """(name, shape, initialiser) of every tensor of a Sequential, in the layers' order."""
    layers = topology["config"]["layers"]
    found, shape = [], layers[0]["config"]["batch_input_shape"][1:]
    for layer in layers:
        config = layer["config"]
        shape, kernel = _output(shape, layer)
        if kernel is not None:
            found.append((config["name"] + "/kernel", kernel, config["kernel_initializer"]))
            found.append((config["name"] + "/bias", [kernel[-1]], config["bias_initializer"]))
    return found


def initial_model(plan):
    """The file whose digest is the ledger's initialModel: one stream fills the tensors in file order."""
    stream = RandomStream(plan["seed"], "init", 0, 0)
    filled = []
    for name, shape, initialiser in file_order(tensors(plan["model"]["topology"])):
        draw = _initialiser(initialiser, shape, stream)
        filled.append((name, shape, [f32(draw()) for _ in range(math.prod(shape))]))
    return encode(filled)


def federated_average(base, updates):
    """`updates`: (slot, weight, values), in any order. Elements in float64, ascending slots, one rounding at the end."""
    ordered = sorted(updates, key=lambda update: update[0])
    total = 0.0
    for _, weight, _ in ordered:
        total += float(weight)
    averaged = []
    for i, value in enumerate(base):
        accumulated = 0.0
        for _, weight, values in ordered:
            accumulated += float(weight) * values[i]
        averaged.append(f32(value + accumulated / total))
    return averaged
