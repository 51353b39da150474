"""Fit how peaks become hits: ``python -m transcription.core.training.measuring.calibrate --weights FILE``.

Renders songs from the validation kits, grooves and recordings, none of which was trained on, and fits the
judgement of the network's peaks there. It goes into the weights' file, as it is right for these weights only.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mir_eval
import numpy as np
import torch
from numpy.typing import NDArray

from media.core.audio import Audio
from transcription.core.activations import Activations
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.evaluation.matching import Counts, Stroke, judge_each
from transcription.core.evaluation.scoring import total
from transcription.core.families import MEMBERS, RIVALS, RIVALS_FIRST, Family, family_of
from transcription.core.features import RATE
from transcription.core.judgement import Calibration, MemberChoice, PeakPicking, Rivalry
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import find_candidates, logit, members_near, pick_hits, rival_evidence
from transcription.core.training.drumming.groove_tables import load_performances
from transcription.core.training.drumming.performance import Performance
from transcription.core.training.learning.checkpoints import with_picking
from transcription.core.training.learning.dataset import GROOVES, Source
from transcription.core.training.render import Clip

_WINDOW_S = 0.05
_SONG_S = 16.0
# A peak this unlikely is not worth telling which instrument it is.
_WORTH_TELLING = 0.25
_RIDGE = 1e-3
_FEWEST = 8
_FEWEST_IN_A_TAKE = 20
# How far a family's choices go from what was rendered to what is usual, as an exponent: that with the best
# mean F of the members on rendered strokes that count as much as they are usual. Of cymbals that is 0.552,
# against 0.532 with 0 and 0.549 with 1. Side sticks are lost with any, and pedals are played but not heard.
_AS_USUAL = {Family.CYMBAL: 0.75}
# Where it matters whether a family is heard alone in the song. A tom's peaks on snares are not more or less
# likely toms where all are: with the song's verdict the fit was worse on songs it had not seen.
_SONG_DECIDES = frozenset({(Family.HIHAT, Family.TAMBOURINE)})

Times = NDArray[np.float64]
Shares = Mapping[int, float]  # by place in INSTRUMENTS_HEARD


@dataclass(frozen=True, slots=True, eq=False)
class HeardSong:
    """A rendered song as the network hears it, with its strokes by what they are heard as.

    ``buried_s`` holds those too far under the mix to be asked for.
    """

    activations: Activations
    onsets_s: Mapping[int, Times]
    buried_s: Mapping[int, Times]
    accompanied: bool

    @property
    def strokes(self) -> list[Stroke]:
        """All strokes in order, each labelled with its family."""
        heard = [
            Stroke(float(onset_s), family_of(INSTRUMENTS_HEARD[place]).value, None, is_asked=is_asked)
            for is_asked, by_place in ((True, self.onsets_s), (False, self.buried_s))
            for place, times in by_place.items()
            for onset_s in times
        ]
        return sorted(heard, key=lambda stroke: stroke.onset_s)

    def strokes_of(self, family: Family) -> Times:
        """Return when anything of ``family`` is struck, in order."""
        return _together(self.onsets_s, family)

    def buried_of(self, family: Family) -> Times:
        """Return when anything of ``family`` is struck that nobody could hear."""
        return _together(self.buried_s, family)


def validation_songs(cache: Path, count: int, seed: int = 21) -> list[tuple[Clip, bool]]:
    """Render ``count`` songs from the validation split, three of four with accompaniment."""
    renderer = Source(cache, split="valid", seconds=_SONG_S).renderer()
    rng = np.random.default_rng(seed)
    accompanied = [number % 4 != 0 for number in range(count)]
    return [(renderer.mix(rng, renderer.drums(rng), accompanied=behind), behind) for behind in accompanied]


def drummers_shares(cache: Path) -> Shares:
    """Return what drummers usually play, from the recorded performances to learn from."""
    takes = [p for p in load_performances(cache / GROOVES) if p.split == "train" and not p.is_fill]
    return usual_shares(takes)


def heard_song(clip: Clip, accompanied: bool, detector: Detector) -> HeardSong:
    """Run the network on ``clip``."""
    activations = detect_onsets(Audio(clip.sound[None], RATE), detector)
    drums, instruments = clip.drums, np.unique(clip.drums.heard_as)
    onsets, buried = (
        {int(i): np.sort(drums.onsets_s[(drums.heard_as == i) & wanted]) for i in instruments}
        for wanted in (~clip.buried, clip.buried)
    )
    return HeardSong(activations, onsets, buried, accompanied)


def fitted(
    songs: Sequence[HeardSong],
    picking: PeakPicking,
    *,
    usual: Shares | None = None,
    by_song: bool = True,
    by_rivals: bool = True,
) -> PeakPicking:
    """Return ``picking`` with each family's calibration and choice of members fitted to ``songs``.

    Args:
        usual: how often drummers play each member of a family, see :func:`usual_shares`; default: as often as
            ``songs`` do.
        by_song: whether a peak is judged in the light of its song, or by its height and its rivals alone.
        by_rivals: whether what else is heard at the same instant counts.
    """
    for family in RIVALS_FIRST:
        rivals = RIVALS.get(family, ()) if by_rivals else ()
        calibration = _fitted_calibration(songs, family, picking, by_song, rivals)
        if calibration is not None:
            picking = replace(picking, calibrations={**picking.calibrations, family: calibration})
    choices = dict(picking.choices)
    for family, members in MEMBERS.items():
        if len(members) > 1:
            choices[family] = _fitted_choice(songs, family, picking, usual or {})
    return replace(picking, choices=choices)


def _fitted_calibration(
    songs: Sequence[HeardSong],
    family: Family,
    picking: PeakPicking,
    by_song: bool,
    rivals: Sequence[Family],
) -> Calibration | None:
    """Logistic regression of whether a peak is a stroke; None where they all are, or none is."""
    rows, right = [], []
    for song in songs:
        candidates = find_candidates(song.activations, family, picking)
        times = candidates.frames / song.activations.fps
        asked = _far_from(times, song.buried_of(family))
        matched = np.zeros(len(times), np.bool_)
        matched[[peak for _, peak in mir_eval.util.match_events(song.strokes_of(family), times, 0.03)]] = True
        columns = np.zeros((len(times), 4 + 2 * len(rivals)))
        columns[:, 0] = logit(candidates.heights)
        columns[:, 3] = 1.0
        columns[:, 1:3] = (candidates.song.clarity, candidates.song.density) if by_song else (0.0, 0.0)
        for place, rival in enumerate(rivals):
            other = find_candidates(song.activations, rival, picking)
            evidence = rival_evidence(candidates.frames, candidates.heights, other)
            columns[:, 4 + 2 * place] = evidence.at_once
            if by_song and (family, rival) in _SONG_DECIDES:
                columns[:, 5 + 2 * place] = evidence.never_alone
        rows.append(columns[asked])
        right.append(matched[asked])
    struck = np.concatenate(right).astype(np.float64)
    if min(struck.sum(), (1 - struck).sum()) < _FEWEST:
        return None
    weights = [round(float(weight), 3) for weight in _logistic(np.concatenate(rows), struck)]
    says = {rival: Rivalry(*weights[4 + 2 * i : 6 + 2 * i]) for i, rival in enumerate(rivals)}
    height, clarity, density, offset = weights[:4]
    return Calibration(height, clarity, density, offset, says)


def usual_shares(performances: Sequence[Performance]) -> Shares:
    """Return each instrument's share of the strokes on its family, as the mean over ``performances``.

    Rendered songs are full of crashes, so that much is learnt about them. Who expects as many in a song hears
    too many.
    """
    shares: dict[int, float] = {}
    for members in MEMBERS.values():
        names = [INSTRUMENTS_HEARD[member].value for member in members]
        counts = np.array([_counted(performance, names) for performance in performances], np.float64)
        played = counts[counts.sum(axis=1) >= _FEWEST_IN_A_TAKE]
        if len(played):
            shares |= zip(members, (played / played.sum(axis=1, keepdims=True)).mean(axis=0), strict=True)
    return shares


def _counted(performance: Performance, names: Sequence[str]) -> list[int]:
    played = [note.instrument for note in performance.notes]
    return [played.count(name) for name in names]


def _fitted_choice(
    songs: Sequence[HeardSong], family: Family, picking: PeakPicking, usual: Shares
) -> MemberChoice:
    """Multinomial regression of which member a matched peak is."""
    members = MEMBERS[family]
    rows, which = [], []
    for song in songs:
        strokes = [
            (onset_s, place) for place, i in enumerate(members) for onset_s in song.onsets_s.get(i, ())
        ]
        strokes.sort()
        candidates = find_candidates(song.activations, family, picking)
        heights = logit(members_near(song.activations, family, candidates.frames))
        times = np.array([onset_s for onset_s, _ in strokes])
        for stroke, peak in mir_eval.util.match_events(times, candidates.frames / song.activations.fps, 0.03):
            if candidates.chances[peak] >= _WORTH_TELLING:
                rows.append(heights[peak])
                which.append(strokes[stroke][1])
    counts = np.bincount(np.array(which, np.int64), minlength=len(members))
    if counts.max() == counts.sum():
        return MemberChoice.tallest(len(members))
    # What drummers were never recorded on counts as the rarest of its kind.
    here = counts / counts.sum()
    known = np.array([usual.get(member, 0.0) for member in members])
    rarer = np.divide(known, here, out=np.zeros(len(members)), where=(known > 0) & (here > 0))
    rarer[rarer == 0] = rarer[rarer > 0].min() if rarer.any() else 1.0
    return _multinomial(np.array(rows), np.array(which), rarer ** _AS_USUAL.get(family, 0.0))


def _multinomial(
    rows: NDArray[np.float32], which: NDArray[np.int64], importance: NDArray[np.float64]
) -> MemberChoice:
    members, counting = len(importance), torch.from_numpy(importance)
    inputs, answers = torch.from_numpy(rows).double(), torch.from_numpy(which)
    weights = torch.eye(members, dtype=torch.float64, requires_grad=True)
    offsets = torch.zeros(members, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, offsets], max_iter=200)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        sums = inputs @ weights + offsets
        value = torch.nn.functional.cross_entropy(sums, answers, weight=counting)
        value = value + _RIDGE * (weights**2).sum()
        torch.autograd.backward([value])
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return MemberChoice(
        tuple(tuple(round(float(weight), 3) for weight in row) for row in weights.detach()),
        tuple(round(float(offset), 3) for offset in offsets.detach()),
    )


def scored(songs: Sequence[HeardSong], picking: PeakPicking) -> dict[Family, Counts]:
    """Pick hits from ``songs`` and pool the strokes found and missed."""
    total = {family: Counts() for family in Family}
    for song in songs:
        judged = judge_each(
            tuple(Family),
            song.strokes,
            pick_hits(song.activations, picking),
            of_stroke=lambda stroke: Family(stroke.label),
            of_hit=lambda hit: family_of(hit.instrument),
        )
        for family in Family:
            total[family] += judged[family].counts
    return total


def _together(times: Mapping[int, Times], family: Family) -> Times:
    return np.sort(np.concatenate([np.zeros(0), *(times[i] for i in MEMBERS[family] if i in times)]))


def _far_from(times: Times, others: Times) -> NDArray[np.bool_]:
    if len(others) == 0 or len(times) == 0:
        return np.ones(len(times), np.bool_)
    return np.asarray(np.abs(times[:, None] - others[None, :]).min(axis=1) > _WINDOW_S)


def _logistic(columns: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method on the ridge-regularised likelihood."""
    weights = np.zeros(columns.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (right - chance) - weights
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns + np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="the same weights with what was fitted; default: in place")
    parser.add_argument("--cache", type=Path, default=Path("data/material"))
    parser.add_argument("--songs", type=int, default=800)
    options = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(options.weights)
    clips = validation_songs(options.cache, options.songs)
    songs = [heard_song(clip, accompanied, detector) for clip, accompanied in clips]
    picking = fitted(songs, PeakPicking(), usual=drummers_shares(options.cache))
    for name, part in (("drums", False), ("mix", True)):
        counts = scored([song for song in songs if song.accompanied is part], picking)
        figures = " ".join(f"{family} {counts[family].f_measure:.3f}" for family in Family)
        print(f"{name}: {figures} all {total(counts).f_measure:.3f}")
    with_picking(options.weights, options.out or options.weights, picking)


if __name__ == "__main__":
    main()
