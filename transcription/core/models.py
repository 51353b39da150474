"""Every engine the pipeline can use: where its weights are, whose they are, and whether they are intact.

Weights that are not shipped are fetched by ``transcription.core.weights_store``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from transcription.core.demucs_models import DEMUCS_MODELS
from transcription.core.engines import Engine, Package, WeightFile
from transcription.core.weight_errors import UnknownModel, WeightsDamaged, WeightsMissing

__all__ = [
    "ENGINES",
    "Engine",
    "UnknownModel",
    "WeightsDamaged",
    "WeightsMissing",
    "engine",
    "verified_weights",
]

_SHIPPED = Path(__file__).parent / "weights"
_WORKER = "pip install -r requirements/worker.txt"
_KERAS = "pip install -r requirements/keras.txt"

CRNN = Engine(
    name="crnn",
    task="detect",
    version="3.0",
    licence="MIT",
    source="shipped in the repository; trained by transcription.core.training",
    files=(
        WeightFile(
            name="crnn.safetensors",
            sha256="1be4e825f6d5ec46044cbfafdbce7028cf7fed05e6b6bafb695492d614368436",
            size_bytes=2_981_352,
            path=_SHIPPED / "crnn.safetensors",
        ),
    ),
    packages=(Package("torch", "PyTorch", _WORKER), Package("safetensors", "safetensors", _WORKER)),
)
# MODEL_URI puts the user's own network in its place.
KERAS_CNN = Engine(
    name="keras-cnn",
    task="detect",
    version="1.0",
    licence="MIT",
    source="shipped in the repository; trained by transcription.core.training.keras_cnn",
    files=(
        WeightFile(
            name="keras-cnn.h5",
            sha256="91a2ac809db7456bb735338c76aadac28e4d727d292739521de10e16a1a4d2e8",
            size_bytes=571_872,
            path=_SHIPPED / "keras-cnn.h5",
        ),
    ),
    packages=(
        Package("tensorflow", "TensorFlow", _KERAS),
        Package("keras", "Keras", _KERAS),
        Package("h5py", "h5py", _KERAS),
    ),
)
ENGINES: dict[str, Engine] = {entry.name: entry for entry in (CRNN, KERAS_CNN, *DEMUCS_MODELS)}


def engine(name: str) -> Engine:
    """Return the engine called ``name``; raises KeyError when there is none."""
    return ENGINES[name]


def verified_weights(wanted: Engine) -> bytes:
    """Read the shipped weights of ``wanted`` and check that they are the ones that were trained.

    Raises:
        WeightsMissing: the file is not there.
        WeightsDamaged: its SHA-256 is another.
    """
    if wanted.path is None or not wanted.path.is_file():
        raise WeightsMissing(name=wanted.name)
    content = wanted.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise WeightsDamaged(name=wanted.name)
    return content
