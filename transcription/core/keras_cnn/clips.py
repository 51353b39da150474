"""Clips of 0.2 s around onsets, cut out of a song while it streams by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from transcription.core.keras_cnn.mel_windows import CLIP_SAMPLES, RATE
from transcription.core.sound_pieces import SoundPieces, repaired, resampled

# How much of a clip lies before its onset: networks of this format learnt from such clips.
BEFORE_SAMPLES = 882
# 128 clips and their spectra are 45 MB, whatever the song's length.
CLIPS_AT_ONCE = 128


def streamed(sound: SoundPieces) -> Iterator[NDArray[np.float32]]:
    """Give ``sound`` in mono at 44.1 kHz, each piece of shape (samples,)."""
    return resampled(repaired(sound.mono_pieces()), sound.rate, RATE)


def cut_clips(sound: SoundPieces, onset_times: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
    """Give the clip around every onset, in order, in batches of shape (clips, 8820); the song is read once.

    Where the song has not begun or has ended there is silence.

    Args:
        onset_times: seconds, ascending and none negative, shape (onsets,).
    Raises:
        ValueError: the times are not in order.
    """
    if len(onset_times) and (onset_times[0] < 0 or bool(np.any(np.diff(onset_times) < 0))):
        raise ValueError("onset times are in ascending order and none is negative")
    ready: list[NDArray[np.float32]] = []
    for clips in _as_they_pass(sound, np.rint(onset_times * RATE).astype(np.int64) - BEFORE_SAMPLES):
        ready.append(clips)
        if sum(map(len, ready)) >= CLIPS_AT_ONCE:
            yield np.concatenate(ready)
            ready.clear()
    if ready:
        yield np.concatenate(ready)


def _as_they_pass(sound: SoundPieces, begins: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    # ``waiting`` holds the song from sample ``origin`` on; before its first there is silence.
    waiting, origin, done = np.zeros(BEFORE_SAMPLES, np.float32), -BEFORE_SAMPLES, 0
    for piece in streamed(sound):
        waiting = np.concatenate([waiting, piece])
        whole = done + int(np.searchsorted(begins[done:], origin + len(waiting) - CLIP_SAMPLES, side="right"))
        for first in range(done, whole, CLIPS_AT_ONCE):
            batch = begins[first : min(first + CLIPS_AT_ONCE, whole)]
            yield waiting[(batch - origin)[:, None] + np.arange(CLIP_SAMPLES)]
        done = whole
        needed_from = int(begins[done]) if done < len(begins) else origin + len(waiting)
        drop = min(max(0, needed_from - origin), len(waiting))
        waiting, origin = waiting[drop:], origin + drop
    for begin in begins[done:] - origin:
        clip = waiting[begin : begin + CLIP_SAMPLES]
        yield np.pad(clip, (0, CLIP_SAMPLES - len(clip)))[None]
