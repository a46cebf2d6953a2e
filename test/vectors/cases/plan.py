"""Normalised plans, their canonical bytes and hashes."""

import copy
import math

from .common import document

LIMIT = 1 / math.sqrt(13)
ZEROS = {"class_name": "Zeros", "config": {}}


def dense(name, units, activation, kernel, bias, inputs=None):
    config = {
        "name": name,
        "units": units,
        "activation": activation,
        "use_bias": True,
        "kernel_initializer": kernel,
        "bias_initializer": bias,
    }
    if inputs is not None:
        config.update(entry(inputs))
    return {"class_name": "Dense", "config": config}


def entry(inputs):
    """What the first layer says of the model's input."""
    return {"batch_input_shape": [None, inputs], "dtype": "float32"}


def sequential(name, layers):
    topology = {"class_name": "Sequential", "config": {"name": name, "layers": layers}}
    return {"kind": "layers", "topology": topology}


def uniform():
    return {"class_name": "RandomUniform", "config": {"minval": -LIMIT, "maxval": LIMIT}}


def column(name, minimum=None, maximum=None, levels=None):
    return {"name": name, "type": "number", "min": minimum, "max": maximum, "levels": levels}


HEART = {
    "schema": "syndic.plan/1",
    "name": "heart-disease",
    "purpose": {
        "duo": "DUO:0000007",
        "modifiers": ["DUO:0000021"],
        "description": "Prädiktion – angiographic coronary artery disease at four hospitals",
    },
    "ethics": {"approval": "EK 2026/114", "body": "Ethikkommission Zürich"},
    "controller": "each hospital for its own records",
    "seed": 0,
    "model": sequential("logistic", [dense("logit", 1, "sigmoid", uniform(), uniform(), 13)]),
    "data": {
        "format": {"kind": "csv", "header": False, "delimiter": ",", "missing": ["?"]},
        "columns": [
            column("age", 0, 120),
            column("sex", levels=[0, 1]),
            column("cp", levels=[1, 2, 3, 4]),
            column("trestbps", 0, 300),
            column("chol", 0, 1000),
            column("fbs", levels=[0, 1]),
            column("restecg", levels=[0, 1, 2]),
            column("thalach", 0, 250),
            column("exang", levels=[0, 1]),
            column("oldpeak", -10, 10),
            column("slope"),
            column("ca"),
            column("thal"),
            column("num", levels=[0, 1, 2, 3, 4]),
        ],
        "rowKey": None,
        "badRows": "quarantine",
        "features": [
            {"column": name, "encode": "number"}
            for name in ("age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak")
        ]
        + [
            {"column": "cp", "encode": "onehot", "levels": [1, 2, 3, 4], "drop": "first"},
            {"column": "restecg", "encode": "onehot", "levels": [0, 1, 2], "drop": "first"},
        ],
        "normalise": {"kind": "zscore", "ddof": 1, "epsilon": 1e-9},
        "label": {"column": "num", "kind": "binary", "above": 0},
    },
    "split": {"kind": "file"},
    "training": {
        "loss": "binaryCrossentropy",
        "optimizer": {"name": "sgd", "learningRate": 0.001},
        "batchSize": 4,
        "localSteps": 100,
        "shortBatch": "keep",
    },
    "strategy": {"name": "fedavg"},
    "privacy": {"kind": "none"},
    "rounds": 15,
    "maxAttempts": 30,
    "quorum": 2,
    "startAt": 4,
    "roundSeconds": 600,
    "recordWithin": 86400,
    "weighting": "samples",
    "disclosure": "exact",
    "maxSamples": 1000,
    "minCell": 10,
    "retainDays": 30,
    "encoding": "f32",
    "access": {"auditorsReadUpdates": True},
}


def with_changes(**changes):
    plan = copy.deepcopy(HEART)
    plan.update(changes)
    return plan


def named_initialiser(name):
    return {"class_name": name, "config": {}}


def glorot():
    return named_initialiser("GlorotUniform")


def constant(value):
    return {"class_name": "Constant", "config": {"value": value}}


def conv(name, filters, size, kernel, bias):
    config = {
        "name": name,
        "filters": filters,
        "kernel_size": size,
        "strides": [1, 1],
        "padding": "valid",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": kernel,
        "bias_initializer": bias,
    }
    return {"class_name": "Conv2D", "config": config}


def normal(mean, stddev):
    return {"class_name": "RandomNormal", "config": {"mean": mean, "stddev": stddev}}


def plans():
    mlp = sequential("mlp", [dense("hidden", 8, "relu", glorot(), ZEROS, 13), dense("logit", 1, "sigmoid", glorot(), ZEROS)])
    # The file's order (alpha, Zeta by bytes: Zeta first) is not the layers', and one stream fills both.
    reordered = sequential(
        "reordered",
        [
            dense("alpha", 3, "relu", normal(0.1, 0.05), normal(0, 1), 13),
            dense("Zeta", 1, "sigmoid", uniform(), normal(-2, 0.25)),
        ],
    )
    # Every initialiser that the ones above lack, the file's order again not the layers'.
    others = sequential(
        "others",
        [
            dense("z", 5, "tanh", named_initialiser("HeUniform"), named_initialiser("Ones"), 13),
            dense("y", 4, "tanh", named_initialiser("HeNormal"), constant(-0.1)),
            dense("x", 1, "sigmoid", named_initialiser("GlorotNormal"), normal(0, 0)),
        ],
    )
    cnn = sequential(
        "cnn",
        [
            {"class_name": "Reshape", "config": {"name": "picture", "target_shape": [13, 1, 1], **entry(13)}},
            conv("conv", 2, [3, 1], glorot(), glorot()),
            {"class_name": "Flatten", "config": {"name": "flat", "data_format": "channels_last"}},
            dense("logit", 1, "sigmoid", named_initialiser("HeUniform"), ZEROS),
        ],
    )
    zeros = sequential("logistic", [dense("logit", 1, "sigmoid", ZEROS, ZEROS, 13)])
    return {
        "logistic": HEART,
        "mlp": with_changes(name="mlp", model=mlp, seed=42, split={"kind": "fraction", "test": 0.34}),
        "others": with_changes(name="others", model=others, seed=1),
        "cnn": with_changes(name="cnn", model=cnn, seed=2),
        "reordered": with_changes(name="reordered", model=reordered, seed=9007199254740991),
        "zeros": with_changes(
            name="exactness",
            model=zeros,
            rounds=100,
            maxAttempts=200,
            training={
                "loss": "binaryCrossentropy",
                "optimizer": {"name": "sgd", "learningRate": 0.1},
                "batchSize": "full",
                "localSteps": 1,
                "shortBatch": "keep",
            },
        ),
    }


def build():
    return {"cases": [{"name": name, **document(plan)} for name, plan in plans().items()]}
