"""How a network's peaks are judged: numbers fitted to that network, which travel in its weights' file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from transcription.core.families import MEMBERS, PERCUSSION, Family


@dataclass(frozen=True, slots=True)
class Rivalry:
    """What a rival's chance at the same instant says about a peak: see :func:`.picking.rival_evidence`."""

    at_once: float = 0.0
    never_alone: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a peak's height becomes the chance of a stroke, in the light of the song it is in.

    The chance is the sigmoid of a weighted sum: the logit of the peak's height; the song's *clarity* in this
    family, which is the logit of the height that one in five of its peaks exceeds; its *density*, which is
    the logarithm of its tall peaks a second; an offset; and what its rivals say. A middling peak is likely a
    stroke where the instrument is clearly there, and likely none where nothing of the kind stands out.
    """

    height: float = 1.0
    clarity: float = 0.0
    density: float = 0.0
    offset: float = 0.0
    rivals: Mapping[Family, Rivalry] = field(default_factory=dict)

    @classmethod
    def parsed(cls, row: Mapping[str, Any]) -> Calibration:
        """Read what ``asdict`` made; before 3.0 there were no rivals."""
        row = dict(row)
        rivals = {Family(name): Rivalry(**says) for name, says in dict(row.get("rivals", {})).items()}
        return cls(**(row | {"rivals": rivals}))


@dataclass(frozen=True, slots=True)
class MemberChoice:
    """Which member of a family a peak is: the one with the largest sum of weighted logits and offset.

    ``weights[i][j]`` is what the logit of member ``i`` says for member ``j``; members are in the order of
    :data:`transcription.core.families.MEMBERS`. It takes out what the network habitually confuses, and lets
    a seldom struck instrument win where it is merely likelier than usual.
    """

    weights: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]

    @classmethod
    def tallest(cls, members: int) -> MemberChoice:
        """Choose the member with the highest peak."""
        identity = tuple(tuple(float(i == j) for j in range(members)) for i in range(members))
        return cls(identity, (0.0,) * members)


def _plain_choices() -> Mapping[Family, MemberChoice]:
    return {family: MemberChoice.tallest(len(members)) for family, members in MEMBERS.items()}


@dataclass(frozen=True, slots=True)
class PeakPicking:
    """How onset activations become hits: candidates whose chance reaches ``threshold``.

    The ideal threshold on bare activations wanders from song to song; the calibrations take that out, so that
    one threshold on the chance serves all. The numbers are fitted to rendered validation songs by
    :mod:`transcription.core.training.measuring.calibrate`; the defaults take heights for chances.
    """

    calibrations: Mapping[Family, Calibration] = field(default_factory=dict)
    choices: Mapping[Family, MemberChoice] = field(default_factory=_plain_choices)
    threshold: float = 0.45  # chance, 0..1
    percussion_threshold: float = 0.60
    second: float = 0.80  # chance that another tom or cymbal needs to count beside the first
    min_gap_s: float = 0.030  # nearer peaks are one stroke
    hands: int = 2  # strokes that hands can play at one instant

    def calibration(self, family: Family) -> Calibration:
        """Return the calibration of ``family``."""
        return self.calibrations.get(family, Calibration())

    def needed(self, family: Family) -> float:
        """Return the chance from which a candidate of ``family`` is a stroke."""
        return self.percussion_threshold if family in PERCUSSION else self.threshold

    def as_json(self) -> str:
        """Return what :meth:`parsed` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def parsed(cls, text: str) -> PeakPicking:
        """Read what :meth:`as_json` wrote.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        values: dict[str, Any] = json.loads(text)
        calibrations = {Family(name): Calibration.parsed(row) for name, row in values["calibrations"].items()}
        choices = dict(_plain_choices())
        for name, row in values["choices"].items():
            weights = tuple(tuple(map(float, line)) for line in row["weights"])
            offsets = tuple(map(float, row["offsets"]))
            if {len(weights), len(offsets), *map(len, weights)} != {len(MEMBERS[Family(name)])}:
                raise ValueError(f"{name} has {len(MEMBERS[Family(name)])} members, not {len(weights)}")
            choices[Family(name)] = MemberChoice(weights, offsets)
        return cls(**(values | {"calibrations": calibrations, "choices": choices}))
