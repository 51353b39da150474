"""What one written stroke becomes under the sticks: flams, drags, ruffs and press rolls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Chosen by ear and from drum method books: a flam wider than 45 ms is heard as two strokes.
_FLAM_S = (0.015, 0.045)
_GRACE_S = (0.030, 0.055)  # between the taps of a drag or a ruff
_GRACES = {"flam": 1, "drag": 2, "ruff": 3}
_BOUNCE_S = (0.024, 0.042)  # between the bounces of a press roll
_BOUNCES_FADE = 0.55  # the last bounce of a press, relative to the first


def taps(
    rng: np.random.Generator, ornament: str, velocity: float, length_s: float
) -> Iterator[tuple[float, float]]:
    """Yield the taps of one stroke as seconds from where it is written, and velocities.

    Grace notes come before the stroke, at negative times and softer. A press roll fills ``length_s`` seconds
    with bounces that fade.
    """
    if ornament == "buzz":
        yield from _press(rng, velocity, length_s)
        return
    yield 0.0, velocity
    graces = _GRACES.get(ornament, 0)
    if not graces:
        return
    softness = float(rng.uniform(0.3, 0.65))
    before_s = float(rng.uniform(*(_FLAM_S if graces == 1 else _GRACE_S)))
    for grace in range(1, graces + 1):
        yield -grace * before_s, velocity * softness * float(rng.uniform(0.85, 1.1))


def _press(rng: np.random.Generator, velocity: float, length_s: float) -> Iterator[tuple[float, float]]:
    bounces = max(2, round(length_s / float(rng.uniform(*_BOUNCE_S))))
    for bounce in range(bounces):
        yield bounce * length_s / bounces, velocity * _BOUNCES_FADE ** (bounce / bounces)
