"""Every engine the pipeline can use: where its weights are, whose they are, and whether they are intact."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from accounts.core.errors import DrumError

_SHIPPED = Path(__file__).parent / "weights"


class WeightsMissing(DrumError):
    """The weights' file is not there."""

    code = "weights_missing"
    message = "The weights of the engine {name} are missing."
    hint = "Install drumsite again, or restore transcription/core/weights/ from the repository."


class WeightsDamaged(DrumError):
    """The weights' file is not the one that was trained."""

    code = "weights_damaged"
    message = "The weights of the engine {name} are damaged."
    hint = "Install drumsite again, or restore transcription/core/weights/ from the repository."


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine and its weights. ``sha256`` is of the file, ``size_bytes`` its length."""

    name: str
    task: str
    version: str
    licence: str
    size_bytes: int
    sha256: str
    source: str
    path: Path | None = None  # None: fetched on demand, not shipped

    @property
    def label(self) -> str:
        """Name and version as results record them: ``crnn 2.0``."""
        return f"{self.name} {self.version}"


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            name="crnn",
            task="detect",
            version="3.0",
            licence="MIT",
            size_bytes=2_981_352,
            sha256="1be4e825f6d5ec46044cbfafdbce7028cf7fed05e6b6bafb695492d614368436",
            source="shipped in the repository; trained by transcription.core.training",
            path=_SHIPPED / "crnn.safetensors",
        ),
    )
}


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
