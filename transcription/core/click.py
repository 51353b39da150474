"""A click at every beat, to play along with or to hear whether the beat was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from media.core.errors import StorageFull
from notation.core.beat_grid import Beat

# Chosen by ear: the downbeat is a fourth higher and louder, and both are over before a fast beat comes again.
_BEAT_HZ, _BEAT_LEVEL = 1_500.0, 0.4
_DOWNBEAT_HZ, _DOWNBEAT_LEVEL = 2_000.0, 0.8
_TICK_S = 0.04
_ATTACK_S = 0.0005
_DECAY_S = 0.006
_PIECE_S = 10


def render_click(beats: Sequence[Beat], rate: int, *, begin: int, end: int) -> NDArray[np.float32]:
    """Return the clicks of ``beats`` from sample ``begin`` up to ``end``, shape (end - begin,), within ±1.

    A click begins at the sample nearest its beat's ``time_s``; a bar's first beat is higher and louder.
    Pieces rendered one after the other are the same as the whole.
    """
    sound = np.zeros(max(0, end - begin), np.float32)
    plain, accented = _tick(_BEAT_HZ, _BEAT_LEVEL, rate), _tick(_DOWNBEAT_HZ, _DOWNBEAT_LEVEL, rate)
    for beat in beats:
        tick = accented if beat.beat == 1 else plain
        at = round(beat.time_s * rate) - begin
        first, last = max(0, at), min(len(sound), at + len(tick))
        if first < last:
            sound[first:last] += tick[first - at : last - at]
    return np.clip(sound, -1.0, 1.0, out=sound)


def write_click(beats: Sequence[Beat], path: Path, rate: int, *, samples: int) -> None:
    """Write the clicks of ``beats`` as a mono 16-bit FLAC file of ``samples`` samples.

    Raises:
        StorageFull: there is no room; nothing half-written is left behind.
    """
    piece = _PIECE_S * rate
    try:
        with soundfile.SoundFile(path, "w", rate, 1, format="FLAC", subtype="PCM_16") as out:
            for begin in range(0, samples, piece):
                out.write(render_click(beats, rate, begin=begin, end=min(samples, begin + piece)))
    except (OSError, soundfile.LibsndfileError) as error:
        path.unlink(missing_ok=True)
        # libsndfile hides errno: with a good format and open directory, writing fails for want of room.
        if path.parent.is_dir():
            raise StorageFull from error
        raise


def _tick(pitch_hz: float, level: float, rate: int) -> NDArray[np.float32]:
    times_s = np.arange(round(_TICK_S * rate)) / rate
    swell = np.minimum(1.0, times_s / _ATTACK_S) * np.exp(-times_s / _DECAY_S)
    fade = np.minimum(1.0, (_TICK_S - times_s) / (_TICK_S / 8))  # an end cut off would click too
    tick = np.cos(2 * np.pi * pitch_hz * times_s) * swell * fade
    return np.asarray(tick * (level / np.abs(tick).max()), np.float32)
