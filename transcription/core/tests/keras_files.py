"""Networks in AnNOTEator's format, written with h5py alone, and what they answer, computed with NumPy alone.

The file is laid out as Keras 2.8 wrote it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def conv2d(name: str, filters: int, padding: str) -> dict[str, Any]:
    """A convolution of 3 by 3 as Keras 2 described it."""
    return {
        "class_name": "Conv2D",
        "config": {
            "name": name, "trainable": True, "dtype": "float32", "filters": filters, "kernel_size": [3, 3],
            "strides": [1, 1], "padding": padding, "data_format": "channels_last", "dilation_rate": [1, 1],
            "groups": 1, "activation": "relu", "use_bias": True,
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
            "bias_initializer": {"class_name": "Zeros", "config": {}},
            "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None,
            "kernel_constraint": None, "bias_constraint": None,
        },
    }  # fmt: skip


def dense(name: str, units: int, activation: str) -> dict[str, Any]:
    """A fully connected layer as Keras 2 described it."""
    return {
        "class_name": "Dense",
        "config": {"name": name, "trainable": True, "dtype": "float32", "units": units,
                   "activation": activation, "use_bias": True,
                   "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                   "bias_initializer": {"class_name": "Zeros", "config": {}}},
    }  # fmt: skip


def plain(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """A layer without weights."""
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def pool(name: str) -> dict[str, Any]:
    """Max pooling of 2 by 2."""
    return plain("MaxPooling2D", name, pool_size=[2, 2], padding="valid", strides=[2, 2],
                 data_format="channels_last")  # fmt: skip


def annotators_layers(outputs: int = 6, bands: int = 128) -> list[dict[str, Any]]:
    """AnNOTEator's network: three convolutions, three fully connected layers."""
    return [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, bands, 18, 1], "dtype": "float32",
                                                "sparse": False, "ragged": False, "name": "conv2d_input"}},
        conv2d("conv2d", 32, "same"), pool("max_pooling2d"),
        conv2d("conv2d_1", 64, "same"), pool("max_pooling2d_1"),
        conv2d("conv2d_2", 64, "valid"), pool("max_pooling2d_2"),
        plain("Flatten", "flatten", data_format="channels_last"),
        dense("dense", 100, "relu"), plain("Dropout", "dropout", rate=0.2, noise_shape=None, seed=None),
        dense("dense_1", 100, "relu"), plain("Dropout", "dropout_1", rate=0.3, noise_shape=None, seed=None),
        dense("dense_2", outputs, "sigmoid"),
    ]  # fmt: skip


def write_foreign(path: Path, layers: list[dict[str, Any]] | None = None, *, seed: int = 1) -> Path:
    """Write a network with random weights as Keras 2.8 would; ``layers`` replaces AnNOTEator's."""
    layers = annotators_layers() if layers is None else layers
    rng = np.random.default_rng(seed)
    shape = tuple(layers[0]["config"]["batch_input_shape"][1:])
    with h5py.File(path, "w") as file:
        config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"], file.attrs["backend"] = "2.8.0", "tensorflow"
        weights = file.create_group("model_weights")
        weights.attrs["keras_version"], weights.attrs["backend"] = b"2.8.0", b"tensorflow"
        weights.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers[1:]]
        for layer in layers[1:]:
            shape = _write_layer(weights, layer, shape, rng)
    return path


def _write_layer(
    weights: h5py.Group, layer: dict[str, Any], shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[int, ...]:
    kind, config = layer["class_name"], layer["config"]
    group, name = weights.create_group(config["name"]), config["name"]
    kernel: tuple[int, ...] = ()
    if kind == "Conv2D":
        kernel = (3, 3, shape[2], config["filters"])
        lost = 0 if config["padding"] == "same" else 2
        shape = (shape[0] - lost, shape[1] - lost, config["filters"])
    elif kind == "MaxPooling2D":
        shape = (shape[0] // 2, shape[1] // 2, shape[2])
    elif kind == "Flatten":
        shape = (int(np.prod(shape)),)
    elif kind == "Dense":
        kernel = (shape[0], config["units"])
        shape = (config["units"],)
    group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()] if kernel else []
    if kernel:
        spread = np.sqrt(2 / np.prod(kernel[:-1]))
        group[f"{name}/kernel:0"] = rng.normal(0, spread, kernel).astype(np.float32)
        group[f"{name}/bias:0"] = rng.normal(0, 0.1, kernel[-1]).astype(np.float32)
    return shape


def forward(path: Path, windows: NDArray[np.float32]) -> Values:
    """Return what the network in ``path`` answers to ``windows``, shape (n, 128, 18): computed by hand."""
    values = windows.astype(np.float64)[..., None]
    with h5py.File(path, "r") as file:
        for layer in json.loads(file.attrs["model_config"])["config"]["layers"]:
            name = layer["config"]["name"]
            group = file["model_weights"].get(name)
            weights = [] if group is None else [group[key][()] for key in group.attrs["weight_names"]]
            values = _passed(layer["class_name"], layer["config"], weights, values)
    return values


def _passed(kind: str, config: dict[str, Any], weights: list[Values], values: Values) -> Values:
    if kind in {"InputLayer", "Dropout"}:
        return values
    if kind == "Flatten":
        return values.reshape(len(values), -1)
    if kind == "MaxPooling2D":
        rows, columns = values.shape[1] // 2, values.shape[2] // 2
        cut = values[:, : 2 * rows, : 2 * columns]
        return cut.reshape(len(values), rows, 2, columns, 2, -1).max(axis=(2, 4))
    if kind == "Conv2D":
        kernel = weights[0].astype(np.float64)
        if config["padding"] == "same":
            margin = kernel.shape[0] // 2
            values = np.pad(values, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        views = np.lib.stride_tricks.sliding_window_view(values, kernel.shape[:2], axis=(1, 2))
        values = np.einsum("nrcixy,xyio->nrco", views, kernel, optimize=True)
    elif kind == "Dense":
        values = values @ weights[0].astype(np.float64)
    else:
        raise NotImplementedError(kind)
    if len(weights) > 1:
        values = values + weights[1]
    return _ACTIVATIONS[config["activation"]](values)


_ACTIVATIONS = {
    "relu": lambda values: np.maximum(values, 0.0),
    "linear": lambda values: values,
    "softsign": lambda values: values / (1 + np.abs(values)),
    "sigmoid": lambda values: 1 / (1 + np.exp(-values)),
}
