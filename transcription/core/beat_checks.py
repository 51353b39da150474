"""Whether a person should check the beat: is it confirmed by what is played, all through the song?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_evidence import NetworkBeats, Strokes
from transcription.core.beat_scores import FRAMES_PER_SECOND
from transcription.core.beat_times import TimedBar

_HARMONICS = (1, 2, 3, 4)  # strokes on the beat, on eighths, on triplets, on sixteenths


@dataclass(frozen=True, slots=True)
class BeatChecking:
    """When a beat counts as unreliable; set by hand on made-up songs (``training/beats/validate.py``).

    A song is looked at in parts. A part is confirmed where enough strokes keep to the divisions of a steady
    beat, or where the network hears the beats that were decoded.
    """

    fewest_strokes: int = 16  # in the song
    closest_rival_per_s: float = (
        0.05  # log-likelihood by which any other number of beats in a bar must be worse
    )
    part_beats: int = 16
    fewest_in_part: int = 6  # strokes
    weakest_alignment: float = 0.45
    greatest_tempo_spread: float = 0.08  # standard deviation of a part's beat lengths, relative
    weakest_network: float = 0.25  # mean log-likelihood ratio on beats
    most_unconfirmed: float = 0.2  # share of parts


def is_unreliable(
    bars: Sequence[TimedBar],
    lead_per_s: float,
    strokes: Strokes,
    network: NetworkBeats | None,
    checking: BeatChecking,
) -> bool:
    """Whether few strokes, loose playing, long silence or a rival reading leave the beat in doubt."""
    if len(strokes.onset_s) < checking.fewest_strokes or lead_per_s < checking.closest_rival_per_s:
        return True
    beats_s = np.concatenate([bar.beats_s for bar in bars])
    return unconfirmed_share(beats_s, strokes, network, checking) > checking.most_unconfirmed


def unconfirmed_share(
    beats_s: NDArray[np.float64], strokes: Strokes, network: NetworkBeats | None, checking: BeatChecking
) -> float:
    """The share, 0..1, of the song from its first to its last stroke in which nothing confirms the beat."""
    first, last = np.searchsorted(beats_s, (strokes.onset_s[0], strokes.onset_s[-1]))
    starts = range(max(0, int(first) - 1), max(1, int(last)), checking.part_beats)
    confirmed = []
    for start in starts:
        part = beats_s[start : min(start + checking.part_beats, int(last)) + 1]
        if len(part) > checking.part_beats // 2:
            confirmed.append(
                _confirmed_by_strokes(part, strokes, checking)
                or _confirmed_by_network(part, network, checking)
            )
    return 1 - float(np.mean(confirmed)) if confirmed else 1.0


def alignment(beats_s: NDArray[np.float64], strokes: Strokes) -> float:
    """How closely strokes between beats keep to their simple divisions, 0 (scattered) to 1 (exact)."""
    here = (strokes.onset_s >= beats_s[0]) & (strokes.onset_s < beats_s[-1])
    if not here.any():
        return 0.0
    place = np.interp(strokes.onset_s[here], beats_s, np.arange(len(beats_s), dtype=np.float64))
    weight = strokes.strength[here]
    turns = [np.exp(2j * np.pi * harmonic * place) for harmonic in _HARMONICS]
    return max(float(np.real(np.sum(weight * turn)) / np.sum(weight)) for turn in turns)


def _confirmed_by_strokes(beats_s: NDArray[np.float64], strokes: Strokes, checking: BeatChecking) -> bool:
    lengths = np.diff(beats_s)
    spread = float(lengths.std() / lengths.mean())
    count = int(np.diff(np.searchsorted(strokes.onset_s, (beats_s[0], beats_s[-1])))[0])
    return (
        count >= checking.fewest_in_part
        and spread <= checking.greatest_tempo_spread
        and alignment(beats_s, strokes) >= checking.weakest_alignment
    )


def _confirmed_by_network(
    beats_s: NDArray[np.float64], network: NetworkBeats | None, checking: BeatChecking
) -> bool:
    if network is None or not len(network.beats):
        return False
    frames = np.round(beats_s * FRAMES_PER_SECOND).astype(np.int64)
    frames = frames[(frames >= 0) & (frames < len(network.beats))]
    return len(frames) > 0 and float(network.beats[frames].mean()) >= checking.weakest_network
