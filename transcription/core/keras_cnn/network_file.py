"""Network files: what an ``.h5`` of Keras may hold before Keras is handed it, and what we write into it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.core.text import one_line
from transcription.core.errors import EngineUnavailable
from transcription.core.keras_cnn.errors import NotANetwork
from transcription.core.keras_cnn.judgement import Judgement

if TYPE_CHECKING:
    import h5py

NAME = "keras-cnn"
NOT_INSTALLED = "TensorFlow, Keras or h5py is missing: pip install -r requirements/keras.txt"
# Where our own networks say how they are to be heard; a foreign one has no such attribute.
ATTRIBUTE = "drumsite"
# A network of this format is 2 MB with its optimiser's state; ours is smaller.
_LARGEST_BYTES = 64 * 1024 * 1024
_MOST_LAYERS = 100
_LONGEST_VERSION = 40  # results, and the rows of stages, have room for no more
# Layers that compute what their name says and nothing else. No Lambda, no nested model, nothing that is
# registered by a package: those could run what the file holds.
_LAYERS = frozenset(
    {
        "InputLayer", "Conv2D", "MaxPooling2D", "AveragePooling2D", "Flatten", "Dense", "Dropout",
        "SpatialDropout2D", "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "GlobalAveragePooling2D",
        "GlobalMaxPooling2D", "ZeroPadding2D", "Rescaling", "Reshape",
    }
)  # fmt: skip
_MODELS = frozenset({"Sequential", "Functional", "Model"})
# What else a configuration may name by class, all without code of their own.
_PARTS = frozenset(
    {
        "GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Zeros",
        "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
        "Orthogonal",
        "L1", "L2", "L1L2", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm",
        "DTypePolicy", "Policy", "__tensor__", "__keras_tensor__",
    }
)  # fmt: skip
_ACTIVATIONS = frozenset(
    {
        "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "softsign", "softplus", "tanh",
        "sigmoid", "hard_sigmoid", "softmax", "linear", "exponential",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFile:
    """A file that was looked through: its bytes, and how its answers are to be judged.

    ``version`` is what results record; ``judgement`` is that of a foreign network where it says nothing.
    """

    content: bytes
    version: str
    judgement: Judgement


def read_network_file(content: bytes) -> NetworkFile:
    """Look through the bytes of an ``.h5`` network without running anything of it.

    Raises:
        EngineUnavailable: h5py is not installed.
        NotANetwork: it is no such file, or holds anything but plain layers and numbers.
    """
    if len(content) > _LARGEST_BYTES:
        raise _refused("it is larger than any network of this kind")
    with _opened(content) as file:
        _refuse_links(file)
        config = _json(file, "model_config")
        _refuse_code(config)
        if "model_weights" not in file:
            raise _refused("it holds no weights")
        own = _json(file, ATTRIBUTE) if ATTRIBUTE in file.attrs else None
    if own is None:
        return NetworkFile(content, "foreign", Judgement.foreign())
    try:
        version = one_line(str(own["version"]))[:_LONGEST_VERSION]
        return NetworkFile(content, version, Judgement.parsed(own["judgement"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _refused("what it says about itself cannot be read") from error


def with_judgement(content: bytes, version: str, judgement: Judgement) -> bytes:
    """Return the network file ``content`` with how it is to be heard written into it."""
    h5py = _h5py()
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        file.attrs[ATTRIBUTE] = json.dumps({"version": version, "judgement": judgement.as_dict()})
    return buffer.getvalue()


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise EngineUnavailable(name=NAME, reason=NOT_INSTALLED) from error
    return h5py


def _opened(content: bytes) -> h5py.File:
    try:
        return _h5py().File(io.BytesIO(content), "r")
    except (OSError, ValueError, RuntimeError) as error:
        raise _refused("it is no HDF5 file, or a damaged one") from error


def _refuse_links(group: h5py.Group) -> None:
    """Refuse what would read other files: external links, external storage and virtual data sets."""
    h5py = _h5py()
    waiting = [(group, 0)]
    while waiting:
        parent, depth = waiting.pop()
        for name in parent:
            link = parent.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink) or depth > 8:
                raise _refused("it refers to other files")
            item = parent[name]
            if isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise _refused("it refers to other files")
                if item.size * item.dtype.itemsize > _LARGEST_BYTES:
                    raise _refused("it is larger than any network of this kind")
            else:
                waiting.append((item, depth + 1))


def _json(file: h5py.File, name: str) -> Mapping[str, Any]:
    text = file.attrs.get(name)
    if text is None:
        raise _refused("it is no network of Keras")
    try:
        document = json.loads(text)
    except (TypeError, ValueError, UnicodeDecodeError, RecursionError) as error:
        raise _refused("its description cannot be read") from error
    if not isinstance(document, dict):
        raise _refused("its description cannot be read")
    return document


def _refuse_code(config: Mapping[str, Any]) -> None:
    """Refuse every class, function and module that is not known to be harmless, wherever it is named."""
    if not _is_one_of(config.get("class_name"), _MODELS):
        raise _refused("it is no plain model")
    body = config.get("config")
    layers = body.get("layers") if isinstance(body, dict) else body
    if not isinstance(layers, list) or not 0 < len(layers) <= _MOST_LAYERS:
        raise _refused("it is no plain model")
    for layer in layers:
        kind = layer.get("class_name") if isinstance(layer, dict) else None
        if not _is_one_of(kind, _LAYERS):
            raise _refused(f"it holds a layer of the kind {kind!r}")
    for key, value in _named(config):
        if key in {"class_name", "registered_name"}:
            if value is not None and not _is_one_of(value, _LAYERS | _MODELS | _PARTS):
                raise _refused(f"it names {value!r}")
        elif key == "module":
            if value is not None and str(value).split(".")[0] != "keras":
                raise _refused(f"it names the module {value!r}")
        elif key == "activation" and not _is_one_of(value, _ACTIVATIONS):
            raise _refused(f"it names the activation {value!r}")


def _is_one_of(value: object, names: frozenset[str]) -> bool:
    return isinstance(value, str) and value in names


def _named(value: object) -> Iterator[tuple[str, object]]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from part.items()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _refused(reason: str) -> NotANetwork:
    return NotANetwork(name=NAME, reason=reason)
