"""What the network hears, frame by frame: how surely each instrument is struck, and where the beat falls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcription.core.network import INSTRUMENTS_HEARD


class BadActivations(ValueError):
    """A value is NaN or outside 0..1, or the shapes disagree: our bug or a damaged file, never the song's."""


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """Frame-wise activations, all float32 in 0..1; frame ``i`` is centred on second ``i / fps``.

    ``onsets`` and ``velocities`` have shape (frames, 17), in the order of
    :data:`transcription.core.network.INSTRUMENTS_HEARD`; ``beats`` and ``downbeats`` have shape (frames,).
    A velocity means something only where its onset activation is a peak.
    """

    onsets: NDArray[np.float32]
    velocities: NDArray[np.float32]
    beats: NDArray[np.float32]
    downbeats: NDArray[np.float32]
    fps: int = 100

    def __post_init__(self) -> None:
        frames = len(self.beats)
        heard = len(INSTRUMENTS_HEARD)
        shapes = {
            "onsets": (frames, heard),
            "velocities": (frames, heard),
            "beats": (frames,),
            "downbeats": (frames,),
        }
        if self.fps <= 0:
            raise BadActivations(f"fps is {self.fps}")
        for name, shape in shapes.items():
            values: NDArray[np.float32] = getattr(self, name)
            if values.shape != shape:
                raise BadActivations(f"{name} has shape {values.shape}, not {shape}")
            if values.dtype != np.float32:
                raise BadActivations(f"{name} is {values.dtype}, not float32")
            # Written so that NaN, which compares false with everything, is refused too.
            if values.size and not bool(np.all((values >= 0) & (values <= 1))):
                raise BadActivations(f"{name} has a value that is not within 0..1")

    @property
    def duration_s(self) -> float:
        """The length that the frames cover, in seconds."""
        return len(self.beats) / self.fps

    def save(self, path: Path) -> None:
        """Write to ``path`` as a compressed ``.npz``."""
        with path.open("wb") as out:
            np.savez_compressed(
                out,
                onsets=self.onsets,
                velocities=self.velocities,
                beats=self.beats,
                downbeats=self.downbeats,
                fps=np.int64(self.fps),
            )

    @classmethod
    def load(cls, path: Path) -> Activations:
        """Read what :meth:`save` wrote.

        Raises:
            BadActivations: the file is no such archive, or its content is refused.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                return cls(
                    onsets=archive["onsets"],
                    velocities=archive["velocities"],
                    beats=archive["beats"],
                    downbeats=archive["downbeats"],
                    fps=int(archive["fps"]),
                )
        except (KeyError, OSError, EOFError, ValueError) as error:
            if isinstance(error, BadActivations | FileNotFoundError):
                raise
            raise BadActivations(f"{path.name} holds no activations") from error
