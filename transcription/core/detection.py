"""From sound to activations: the trained network, run over a song in windows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load

from media.core.audio import Audio
from transcription.core.activations import Activations
from transcription.core.features import (
    BANDS,
    FPS,
    HOP,
    RATE,
    WINDOW,
    band_normalised,
    levelled,
    log_mel,
)
from transcription.core.models import WeightsDamaged, engine, verified_weights
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, NetworkShape

# Frames the network sees at once, and the frames at each inner edge that are heard by the neighbouring window
# too: memory stays bounded however long the song is, and every frame has two seconds of context on each side.
_WINDOW_FRAMES = 30 * FPS
_EDGE_FRAMES = 2 * FPS
# Seconds of sound whose spectrum is taken at once.
_SPECTRUM_S = 60

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A loaded network with the name that results record. Threads may share it: it is never changed."""

    network: DrumNetwork
    name: str
    version: str

    @property
    def label(self) -> str:
        """Name and version as results record them: ``crnn 1.0``."""
        return f"{self.name} {self.version}"


def load_detector(path: Path | None = None) -> Detector:
    """Load the shipped detector, or the weights at ``path``.

    Raises:
        WeightsMissing: the shipped weights are not there.
        WeightsDamaged: the file is not the one that was trained, or holds no detector.
    """
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
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise WeightsDamaged(name="crnn") from error
    network.eval()
    return Detector(network, *label)


def detect_onsets(audio: Audio, detector: Detector, report: Report = lambda fraction: None) -> Activations:
    """Hear the strokes, their loudness and the beat in ``audio``.

    Args:
        audio: at any rate and with any number of channels; a full mix or drums alone.
        report: called with the fraction done, 0..1, before every window; what it raises ends the work.
    Returns:
        Activations at 100 frames a second, one frame for each whole hundredth of a second.
    """
    report(0.0)
    picture = _picture(audio, lambda fraction: report(0.4 * fraction))
    frames = len(picture)
    onsets = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32)
    velocities = np.zeros_like(onsets)
    pulse = np.zeros((frames, 2), np.float32)
    stride = _WINDOW_FRAMES - 2 * _EDGE_FRAMES
    for begin in range(0, max(1, frames - 2 * _EDGE_FRAMES), stride):
        report(0.4 + 0.6 * begin / max(1, frames))
        end = min(frames, begin + _WINDOW_FRAMES)
        if end <= begin:
            break
        heard = _heard(detector.network, picture[begin:end])
        inner = 0 if begin == 0 else _EDGE_FRAMES
        onsets[begin + inner : end] = heard.onsets[inner:]
        velocities[begin + inner : end] = heard.velocities[inner:]
        pulse[begin + inner : end, 0] = heard.beats[inner:]
        pulse[begin + inner : end, 1] = heard.downbeats[inner:]
    report(1.0)
    return Activations(onsets, velocities, pulse[:, 0].copy(), pulse[:, 1].copy(), FPS)


def _picture(audio: Audio, report: Report) -> NDArray[np.float32]:
    """The song's band-normalised log-mel picture, taken piece by piece."""
    mono = audio.mono()
    if audio.rate != RATE and mono.size:
        mono = np.asarray(soxr.resample(mono, audio.rate, RATE, quality="HQ"), np.float32)
    # A damaged decoder's NaN or infinity in one sample would otherwise be heard everywhere.
    mono = levelled(np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0))
    frames = mono.size // HOP
    piece, margin = _SPECTRUM_S * FPS, WINDOW // HOP + 1
    picture = np.zeros((frames, BANDS), np.float32)
    for begin in range(0, frames, piece):
        report(begin / frames)
        end = min(frames, begin + piece)
        first = max(0, begin - margin)
        part = log_mel(mono[first * HOP : (end + margin) * HOP])
        picture[begin:end] = part[begin - first : begin - first + end - begin]
    return band_normalised(picture)


# bf16 is twice as fast where the processor has it, and a slow emulation elsewhere.
_bf16_lock = threading.Lock()
_bf16_is_native: bool | None = None


def _can_bf16() -> bool:
    global _bf16_is_native
    with _bf16_lock:
        if _bf16_is_native is None:
            _bf16_is_native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return _bf16_is_native


@torch.inference_mode()
def _heard(network: DrumNetwork, picture: NDArray[np.float32]) -> Activations:
    inputs = torch.from_numpy(np.ascontiguousarray(picture)).unsqueeze(0)
    with torch.autocast("cpu", torch.bfloat16, enabled=_can_bf16()):
        heard = network(inputs)
    onsets, velocities, pulse = (values[0].sigmoid().numpy() for values in heard)
    return Activations(onsets, velocities, pulse[:, 0], pulse[:, 1], FPS)
