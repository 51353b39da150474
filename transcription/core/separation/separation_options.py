"""What may be chosen for a separation, and how far."""

from __future__ import annotations

import re
from dataclasses import dataclass

from transcription.core.errors import InvalidOption

MOST_SHIFTS = 10
MOST_OVERLAP = 0.95
SHORTEST_SEGMENT_S = 1.0
LONGEST_SEGMENT_S = 60.0
BITS = (16, 24)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class SeparationOptions:
    """How a song is taken apart; every limit is checked when the options are made.

    ``model`` is a name or signature that Demucs knows. ``shifts``: how many times the whole is done over,
    each time moved by a random part of half a second, and averaged; 0 and 1 cost the same. ``overlap``: the
    share of a segment that the next one covers too; at 0.95 a song costs twenty times a pass without.
    ``segment_s``: a shorter segment than the network's own, in seconds. ``two_stems``: only the drums, and
    the song without them. ``bits`` a sample of the files.

    Raises:
        InvalidOption: a value outside these limits.
    """

    model: str = "htdemucs"
    shifts: int = 0
    overlap: float = 0.25
    segment_s: float | None = None
    two_stems: bool = False
    bits: int = 16

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.model):
            raise InvalidOption(option="model", expected="it is the name of a separator")
        if not 0 <= self.shifts <= MOST_SHIFTS:
            raise InvalidOption(option="shifts", expected=f"it is a whole number from 0 to {MOST_SHIFTS}")
        if not 0.0 <= self.overlap <= MOST_OVERLAP:
            raise InvalidOption(option="overlap", expected=f"it lies between 0 and {MOST_OVERLAP}")
        if self.segment_s is not None and not SHORTEST_SEGMENT_S <= self.segment_s <= LONGEST_SEGMENT_S:
            raise InvalidOption(
                option="segment_s",
                expected=f"it lies between {SHORTEST_SEGMENT_S:g} and {LONGEST_SEGMENT_S:g} seconds",
            )
        if self.bits not in BITS:
            raise InvalidOption(option="bits", expected="it is 16 or 24")
