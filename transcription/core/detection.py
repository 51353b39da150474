"""From sound to activations: the trained network, run over a whole song."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load

from media.core.audio import Audio
from transcription.core.activations import Activations
from transcription.core.devices import chosen_device
from transcription.core.judgement import PeakPicking
from transcription.core.models import WeightsDamaged, engine, verified_weights
from transcription.core.nets_config import AUTO
from transcription.core.network import DrumNetwork, NetworkShape
from transcription.core.song_hearing import hear_song
from transcription.core.song_picture import take_picture
from transcription.core.sound_pieces import AudioPieces, SoundPieces

# Where in the work, by its seconds, the picture is taken and every frame has been looked at.
_PICTURE_DONE = 0.15
_LOOKED_AT = 0.70

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A loaded network, its name as results record it, and how its peaks are to be judged.

    Threads may share it: it is never changed.
    """

    network: DrumNetwork
    name: str
    version: str
    picking: PeakPicking = field(default_factory=PeakPicking)

    @property
    def label(self) -> str:
        """Name and version as results record them: ``crnn 2.0``."""
        return f"{self.name} {self.version}"


def load_detector(path: Path | None = None, *, device: str = AUTO) -> Detector:
    """Load the shipped detector, or the weights at ``path``, to run on ``device``.

    Args:
        device: ``auto`` takes a CUDA card where there is one; see :func:`chosen_device`.
    Raises:
        DeviceUnavailable: there is no such device.
        WeightsMissing: the shipped weights are not there.
        WeightsDamaged: the file is not the one that was trained, or holds no detector.
    """
    place = chosen_device(device)
    try:
        if path is None:
            wanted = engine("crnn")
            content = verified_weights(wanted)
            path = wanted.path
            assert path is not None  # verified_weights read it
        else:
            content = path.read_bytes()
        with safe_open(path, framework="pt") as opened:
            metadata: dict[str, str] = opened.metadata() or {}
        network = DrumNetwork(NetworkShape.parsed(metadata["shape"]))
        network.load_state_dict(load(content))
        label = (metadata["name"], metadata["version"])
        picking = PeakPicking.parsed(metadata["picking"]) if "picking" in metadata else PeakPicking()
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise WeightsDamaged(name="crnn") from error
    return Detector(network.to(place).eval(), *label, picking)


def detect_onsets(
    sound: Audio | SoundPieces, detector: Detector, report: Report = lambda fraction: None
) -> Activations:
    """Hear the strokes, their loudness and the beat in ``sound``, however long it is.

    Args:
        sound: at any rate and with any number of channels; a full mix or drums alone. It is read once, piece
            by piece.
        report: called with the fraction done, 0..1, before every piece; what it raises ends the work.
    Returns:
        Activations at 100 frames a second, one frame for each whole hundredth of a second.
    """
    report(0.0)
    pieces = AudioPieces(sound) if isinstance(sound, Audio) else sound
    picture = take_picture(pieces, _between(report, 0.0, _PICTURE_DONE))
    heard = hear_song(
        detector.network,
        picture.pieces(_between(report, _PICTURE_DONE, _LOOKED_AT)),
        _between(report, _LOOKED_AT, 1.0),
    )
    report(1.0)
    return heard


def _between(report: Report, begin: float, end: float) -> Report:
    return lambda fraction: report(begin + (end - begin) * fraction)
