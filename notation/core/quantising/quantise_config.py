"""How hits become positions: what a person may choose, and what was tuned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GridChoice(StrEnum):
    """Which subdivisions the score may use; those named by a value are straight and no finer than it."""

    AUTO = "auto"
    EIGHTHS = "8"
    SIXTEENTHS = "16"
    THIRTY_SECONDS = "32"
    TRIPLETS = "triplet"


class SwingChoice(StrEnum):
    """How notes played long and short are to be read and written.

    ``AUTO`` finds the sections that swing and writes them straight under a mark wherever no beat would be
    written wrongly so; ``OFF`` takes late off-beats for straight ones; ``EIGHTHS`` and ``SIXTEENTHS`` say
    what swings from the first bar to the last; ``TRIPLETS`` writes what swings as triplets.
    """

    AUTO = "auto"
    OFF = "off"
    EIGHTHS = "eighths"
    SIXTEENTHS = "sixteenths"
    TRIPLETS = "triplets"


@dataclass(frozen=True, slots=True)
class QuantiseConfig:
    """How hits become positions. Costs are in nats; all were set by ear and eye on generated grooves."""

    grid: GridChoice = GridChoice.AUTO
    swing: SwingChoice = SwingChoice.AUTO
    flam_s: float = 0.045  # strokes on one drum nearer than this are a flam or drag
    wide_flam_s: float = 0.062  # so are two on a snare or tom nearer than this, when no other is near
    bounce_s: float = 0.100  # a kick this soon after another and hardly to be heard is its bounce
    together_s: float = 0.030  # strokes on several instruments nearer than this were meant as one
    timing_s: float = 0.016  # a drummer's and detector's usual error, before the song has shown its own
    outlier: float = 6.0  # no stroke is taken to be less likely than this: it may be spurious
    song_grid: float = 0.3  # how much the song's share of straight and triplet beats weighs in each
    change_of_grid: float = 1.15  # straight to triplets or back between neighbouring beats
    split_beat: float = 2.5  # an eighth and a triplet of sixteenths in one beat
    one_third: float = 2.0  # the same with only one of the triplet's two strokes off the eighth
    full_sextuplet: float = 2.0  # by so much sextuplets with five or six of their strokes are cheaper
    early_triplet: float = 2.0  # a triplet beat with its second stroke, without its third
    late_sixteenths: float = 3.0  # a sextuplet beat of which only late sixteenths are struck
    drift: float = 0.6  # a beat in which the drummer is a step (0.04 beats) off the grid
    change_of_drift: float = 2.5  # becoming later or earlier by a step
    own_slots: float = 12.0  # so many strokes of an instrument outweigh what the song does
    place_slots: float = 6.0  # so many strokes at one place of the bar outweigh what the instrument does
    most_lag_s: float = 0.035  # no instrument is taken to be later or earlier than this throughout
    grids_at_odds: float = 4.0  # hands in triplets against feet straight, or the reverse
    lost_stroke: float = 7.0  # two strokes of one instrument in one place
    passes: int = 4
