"""The engine ``keras-cnn``: onsets first, then a network that looks at each and says what was struck."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.errors import EngineUnavailable
from transcription.core.keras_cnn.clips import cut_clips, streamed
from transcription.core.keras_cnn.errors import NotANetwork
from transcription.core.keras_cnn.judgement import Answers, Judgement
from transcription.core.keras_cnn.labels import LABELS, WRITTEN_AS
from transcription.core.keras_cnn.level import attack_levels_db, level_gain, velocities
from transcription.core.keras_cnn.mel_windows import BANDS, FRAMES, mel_windows
from transcription.core.keras_cnn.network_file import NAME, NOT_INSTALLED, read_network_file
from transcription.core.keras_cnn.onsets import Onsets, find_onsets
from transcription.core.sound_pieces import AudioPieces, SoundPieces

Report = Callable[[float], None]

SHIPPED_NETWORK = Path(__file__).parent.parent / "weights" / f"{NAME}.h5"

_INPUT = (None, BANDS, FRAMES, 1)
_OUTPUT = (None, len(LABELS))
# Where in the work, by its seconds, all onsets are found.
_ONSETS_FOUND = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """All that was heard in a song: hits in order of onset, and how many strokes are expected beside them."""

    hits: tuple[Hit, ...]
    missed_mass: Mapping[InstrumentName, float]


@dataclass(frozen=True, slots=True, eq=False)
class KerasCnn:
    """A loaded network and how it is to be heard. Threads may share it: it is never changed."""

    network: Any
    version: str
    judgement: Judgement

    @property
    def label(self) -> str:
        """Name and version as results record them: ``keras-cnn 1.0``."""
        return f"{NAME} {self.version}"

    def hear(self, sound: Audio | SoundPieces, report: Report = lambda fraction: None) -> Hearing:
        """Find onsets in ``sound``, however long it is, and say what was struck at each.

        Args:
            sound: at any rate and with any number of channels; drums alone or a full mix. It is read twice,
                piece by piece.
            report: called with the fraction done, 0..1; what it raises ends the work.
        Raises:
            UndecodableAudio: the file that is read is damaged.
        """
        pieces = _pieces(sound)
        onsets = find_onsets(pieces, report=lambda fraction: report(_ONSETS_FOUND * fraction))
        return self.classify_onsets(
            pieces, onsets, lambda fraction: report(_ONSETS_FOUND + (1 - _ONSETS_FOUND) * fraction)
        )

    def classify_onsets(
        self, sound: Audio | SoundPieces, onsets: Onsets, report: Report = lambda fraction: None
    ) -> Hearing:
        """Say what was struck at onsets that are given.

        Args:
            onsets: as :func:`.onsets.find_onsets` returns them, or :meth:`.onsets.Onsets.at` makes them.
        Raises:
            ValueError: the onsets are not in order.
            UndecodableAudio: the file that is read is damaged.
        """
        answers = self.answers(sound, onsets, report)
        chances = self.judgement.chances(answers, onsets.strengths)
        struck = self.judgement.strokes(chances, onsets.times_s)
        return Hearing(
            _hits(onsets.times_s, answers.levels_db, chances, struck), _missed_mass(chances, struck)
        )

    def answers(
        self, sound: Audio | SoundPieces, onsets: Onsets, report: Report = lambda fraction: None
    ) -> Answers:
        """Return the network's own answers at ``onsets``, before they are judged."""
        pieces = _pieces(sound)
        gain = level_gain(onsets.level_rms or _level(pieces)) if self.judgement.is_levelled else 1.0
        nothing = np.zeros((0, len(LABELS)), np.float32)
        values, levels, rises = [nothing], [nothing], [nothing]
        heard = 0
        for clips in cut_clips(pieces, onsets.times_s):
            report(heard / len(onsets.times_s))
            windows = mel_windows(clips * np.float32(gain))
            attacks = attack_levels_db(windows)
            values.append(self.answer(windows))
            levels.append(attacks.levels_db)
            rises.append(attacks.rises_db)
            heard += len(clips)
        report(1.0)
        return Answers(*(np.concatenate(parts) for parts in (values, levels, rises)))

    def answer(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's answers, shape (windows, 6), to windows of shape (windows, 128, 18)."""
        if len(windows) == 0:
            return np.zeros((0, len(LABELS)), np.float32)
        return np.asarray(self.network.predict_on_batch(windows[..., None]), np.float32)


def load_keras_cnn(path: Path, *, threads: int = 0) -> KerasCnn:
    """Load the network in the file ``path``: our own, or any in AnNOTEator's format.

    Args:
        threads: processor threads that TensorFlow may use, where it does not run yet; 0 leaves it to choose.
    Raises:
        EngineUnavailable: TensorFlow, Keras or h5py is not installed.
        NotANetwork: the file is no such network, or holds what could do harm.
        FileNotFoundError: there is no such file.
    """
    looked_through = read_network_file(path.read_bytes())
    keras = keras_with_threads(threads)
    # What was looked through is what is loaded, whatever happens to ``path`` meanwhile.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "network.h5"
        copy.write_bytes(looked_through.content)
        try:
            network = keras.models.load_model(copy, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises whatever its layers raise
            raise NotANetwork(name=NAME, reason="Keras cannot load it") from error
    for what, shape, wanted in (
        ("takes", network.input_shape, _INPUT),
        ("answers with", network.output_shape, _OUTPUT),
    ):
        if shape != wanted:
            raise NotANetwork(name=NAME, reason=f"it {what} {shape}, not {wanted}")
    engine = KerasCnn(network, looked_through.version, looked_through.judgement)
    probe = engine.answer(np.ones((1, BANDS, FRAMES), np.float32))
    if not bool(np.all((probe >= 0) & (probe <= 1))):  # NaN compares false
        raise NotANetwork(name=NAME, reason="its answers are not within 0 and 1")
    return engine


def keras_with_threads(threads: int = 0) -> Any:
    """Import Keras, which takes seconds, and return it; see :func:`load_keras_cnn` for ``threads``.

    Raises:
        EngineUnavailable: it is not installed, or what it runs on is not.
    """
    try:
        import keras

        if threads and keras.backend.backend() == "tensorflow":
            import tensorflow

            _limit_threads(tensorflow, threads)
    except ImportError as error:
        raise EngineUnavailable(name=NAME, reason=NOT_INSTALLED) from error
    return keras


def _limit_threads(tensorflow: Any, threads: int) -> None:
    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # it runs already; its threads stay as many as they are


def _pieces(sound: Audio | SoundPieces) -> SoundPieces:
    return AudioPieces(sound) if isinstance(sound, Audio) else sound


def _level(sound: SoundPieces) -> float:
    energy, samples = 0.0, 0
    for piece in streamed(sound):
        energy += float(np.square(piece, dtype=np.float64).sum())
        samples += piece.size
    return math.sqrt(energy / max(1, samples))


def _hits(
    times_s: NDArray[np.float64],
    levels_db: NDArray[np.float32],
    chances: NDArray[np.float64],
    struck: NDArray[np.bool_],
) -> tuple[Hit, ...]:
    how_hard = np.zeros(struck.shape, np.int64)
    for column in range(len(LABELS)):
        rows = struck[:, column]
        how_hard[rows, column] = velocities(levels_db[rows, column])
    return tuple(_numbered(times_s, how_hard, chances, struck))


def _numbered(
    times_s: NDArray[np.float64],
    how_hard: NDArray[np.int64],
    chances: NDArray[np.float64],
    struck: NDArray[np.bool_],
) -> Iterator[Hit]:
    for number, (onset, column) in enumerate(np.argwhere(struck), start=1):
        yield Hit(
            id=f"h{number}",
            onset_s=float(times_s[onset]),
            instrument=WRITTEN_AS[LABELS[column]],
            velocity=int(how_hard[onset, column]),
            confidence=round(float(chances[onset, column]), 3),
        )


def _missed_mass(chances: NDArray[np.float64], struck: NDArray[np.bool_]) -> dict[InstrumentName, float]:
    return {
        WRITTEN_AS[label]: float(chances[~struck[:, column], column].sum())
        for column, label in enumerate(LABELS)
    }
