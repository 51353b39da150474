"""Learn the patterns of 4/4: ``python -m transcription.core.training.beats.fit_patterns FOLDER``.

``FOLDER`` is laid out as the Groove MIDI Dataset is; only its training split is read. Prints tabs to paste
into ``beat_patterns``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.beat_evidence import Strokes
from transcription.core.beat_patterns import SLOTS_PER_BEAT, Limb
from transcription.core.training.drumming.grooves import Performance, read_performances

_SLOTS = 4 * SLOTS_PER_BEAT
_BARS_OF_EACH = 24  # so that no long performance outweighs the others
_PRIOR_BARS = 3.0  # of the average bar, added to every kind: rare kinds keep to what is usual
_ROUNDS = 60
_STARTS = 4

Bars = NDArray[np.float64]


def bars_of(performance: Performance) -> Bars:
    """Return what is played in each slot, shape (bars, slots * limbs), freed of the drummer's own lag."""
    hits = tuple(
        Hit(str(number), note.position, InstrumentName(note.instrument), note.velocity, 1.0)
        for number, note in enumerate(performance.notes)
    )
    strokes = Strokes.of(hits)
    off_grid = (strokes.onset_s * 4 + 0.5) % 1 - 0.5  # in sixteenths
    near = np.abs(off_grid) < 0.3
    lag = float(np.average(off_grid[near], weights=strokes.strength[near])) / 4 if near.any() else 0.0
    slot = np.floor((strokes.onset_s - lag) * SLOTS_PER_BEAT + 0.5).astype(np.int64)
    kept = slot >= 0
    count = int(slot.max()) // _SLOTS + 1
    bars = np.zeros((count, _SLOTS, len(Limb)))
    place = (slot[kept] // _SLOTS, slot[kept] % _SLOTS, strokes.limb[kept])
    np.add.at(bars, place, strokes.strength[kept])
    bars = bars[bars.sum(axis=(1, 2)) > 2]
    chosen = np.linspace(0, len(bars) - 1, min(len(bars), _BARS_OF_EACH)).astype(np.int64)
    flat: Bars = bars[chosen].reshape(len(chosen), -1)
    return flat


def fit_kinds(bars: Bars, kinds: int, rng: np.random.Generator) -> tuple[float, Bars, NDArray[np.float64]]:
    """Fit a mixture of Poisson bars by expectation-maximisation.

    Returns:
        Log-likelihood a bar, expected strokes of shape (kinds, slots * limbs), and shares of shape (kinds,).
    """
    average = bars.mean(axis=0)
    expected = 0.5 * bars[rng.choice(len(bars), kinds, replace=False)] + 0.5 * average + 0.01
    share = np.full(kinds, 1 / kinds)
    likelihood = -np.inf
    for _ in range(_ROUNDS):
        score = bars @ np.log(expected).T - expected.sum(axis=1) + np.log(share)
        best = score.max(axis=1, keepdims=True)
        belongs = np.exp(score - best)
        likelihood = float((best[:, 0] + np.log(belongs.sum(axis=1))).mean())
        belongs /= belongs.sum(axis=1, keepdims=True)
        members = belongs.sum(axis=0)
        expected = (belongs.T @ bars + _PRIOR_BARS * average + 0.02) / (members[:, None] + _PRIOR_BARS)
        share = (members + 1) / (len(bars) + kinds)
    return likelihood, expected, share


def as_tab(expected: NDArray[np.float64]) -> Iterator[str]:
    """Write one kind of bar, shape (slots, limbs), as a tab: tenths of a stroke, "." for almost none."""
    for limb in Limb:
        tenths = "".join("." if e < 0.03 else str(min(9, int(e * 10))) for e in expected[:, limb])
        if tenths.strip("."):
            beats = (tenths[i : i + SLOTS_PER_BEAT] for i in range(0, _SLOTS, SLOTS_PER_BEAT))
            yield f"{limb.name.lower():5} {'|'.join(beats)}"


def main() -> None:
    """Print the tabs of the best of a few fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kinds", type=int, default=10)
    arguments = parser.parse_args()
    performances = [
        p
        for p in read_performances(arguments.folder)
        if p.split == "train" and not p.is_fill and p.bar_quarters == 4 and len(p.notes) > 16
    ]
    bars = np.concatenate([bars_of(performance) for performance in performances])
    fits = [fit_kinds(bars, arguments.kinds, np.random.default_rng(seed)) for seed in range(_STARTS)]
    likelihood, expected, share = max(fits, key=lambda fit: fit[0])
    print(f"# {len(bars)} bars of {len(performances)} performances, {likelihood:.2f} a bar")
    for kind in np.argsort(-share):
        print(f'    (\n        {share[kind]:.2f},\n        """')
        print("\n".join(as_tab(expected[kind].reshape(_SLOTS, len(Limb)))))
        print('        """,\n    ),')


if __name__ == "__main__":
    main()
