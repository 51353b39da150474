"""Strokes on several instruments that were meant as one, and where in which beat they fall."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.quantising.bars import GridBeat
from notation.core.quantising.quantise_config import QuantiseConfig


class Cluster:
    """Strokes meant as one. ``onset_s`` is without what their instruments are usually late by."""

    __slots__ = ("by_voice", "hits", "instruments", "onset_s", "trust", "weight")

    def __init__(self, hits: Sequence[Hit], lags_s: Mapping[InstrumentName, float]) -> None:
        self.hits = tuple(hits)
        trusts = [trust_in(hit) for hit in hits]
        onsets_s = [hit.onset_s - lags_s.get(hit.instrument, 0.0) for hit in hits]
        self.onset_s = sum(trust * onset_s for trust, onset_s in zip(trusts, onsets_s, strict=True)) / sum(
            trusts
        )
        self.trust = max(trusts)
        self.weight = self.trust * (1 + 0.3 * (len(hits) - 1))
        self.instruments = frozenset(hit.instrument for hit in hits)
        self.by_voice: dict[int, list[Hit]] = {}
        for hit in hits:
            self.by_voice.setdefault(INSTRUMENTS[hit.instrument].voice, []).append(hit)


_FOOT = 0.5  # the foot that closes the hi-hat is less exact than any stick
_WHISPER = 16  # MIDI velocity: softer strokes are often a stick's or beater's bounce


def trust_in(hit: Hit) -> float:
    """How much a stroke's timing says, 0..1: what may have been misheard must not buy an odd place."""
    heard = 0.4 + 0.6 * min(1.0, max(0.0, hit.confidence))
    exact = _FOOT if hit.instrument is InstrumentName.HIHAT_PEDAL else 1.0
    return heard * exact * (0.75 if hit.velocity < _WHISPER else 1.0)


def cluster_strokes(
    hits: Sequence[Hit], config: QuantiseConfig, lags_s: Mapping[InstrumentName, float] | None = None
) -> list[Cluster]:
    """Join strokes on several instruments that were meant as one, in order of time.

    Args:
        hits: without those that ornament others.
        lags_s: how late, in seconds, each instrument usually is.
    """
    lags_s = lags_s or {}
    together: list[list[Hit]] = []
    began_s = 0.0
    for onset_s, hit in sorted(
        ((hit.onset_s - lags_s.get(hit.instrument, 0.0), hit) for hit in hits),
        key=lambda pair: (pair[0], pair[1].id),
    ):
        last = together[-1] if together else None
        if (
            last is not None
            and onset_s - began_s <= config.together_s
            and all(hit.instrument != other.instrument for other in last)
        ):
            last.append(hit)
        else:
            together.append([hit])
            began_s = onset_s
    clusters = [Cluster(members, lags_s) for members in together]
    return sorted(clusters, key=lambda cluster: cluster.onset_s)


def steady_offsets(clusters: Sequence[Cluster], beats: Sequence[GridBeat]) -> list[float]:
    """How late, in seconds, the strokes around each beat fall: a beat tracker's jitter, or a lazy drummer."""
    starts = [beat.start_s for beat in beats]
    sums = [0.0] * len(beats)
    counts = [0.0] * len(beats)
    for cluster in clusters:
        index = max(0, bisect_right(starts, cluster.onset_s) - 1)
        for near in (index, index + 1):
            if near < len(beats):
                late_s = cluster.onset_s - beats[near].start_s
                if abs(late_s) <= min(0.05, 0.1 * beats[near].duration_s):
                    sums[near] += cluster.weight * late_s
                    counts[near] += cluster.weight
    return smoothed(sums, counts)


def smoothed(sums: Sequence[float], counts: Sequence[float]) -> list[float]:
    """The mean around each beat of what was summed and counted there; near beats count for more."""
    kernel = {-2: 0.25, -1: 0.5, 0: 1.0, 1: 0.5, 2: 0.25}
    means = []
    for index in range(len(sums)):
        total, weight = 0.0, 0.5
        for step, share in kernel.items():
            if 0 <= index + step < len(sums):
                total += share * sums[index + step]
                weight += share * counts[index + step]
        means.append(total / weight)
    return means
