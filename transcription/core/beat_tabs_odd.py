"""Drum tabs of the rarer meters, all by hand; ``beat_tabs`` says how they are written."""

from __future__ import annotations

from collections.abc import Mapping

from transcription.core.beat_tabs import Tabs

# Eighths on the hi-hat, on the ride, sixteenths, toms instead of a backbeat; a break.
_SIX_EIGHT: Tabs = (
    (
        0.4,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
hat   70..60..60.0|70..60..60.0
crash 1...........|............
tom   ............|....1...1.00
        """,
    ),
    (
        0.25,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
ride  70..60..60.0|70..60..60.0
crash 1...........|............
tom   ............|....1...1.00
        """,
    ),
    (
        0.15,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
hat   7.3.5.3.5.3.|7.3.5.3.5.3.
crash 1...........|............
        """,
    ),
    (
        0.15,
        """
kick  70..0...2..0|3...1...3..0
snare 1...1...1..0|3...2...2..1
tom   3.1.3.1.3.10|3.1.3.1.3.10
        """,
    ),
    (
        0.05,
        """
kick  0...........|............
snare ............|............
        """,
    ),
)

# As 6/8 over two of its bars: full triplets with backbeats on two and four, on the hi-hat, on the ride; a
# kick before three; a bell over even kicks; a break.
_TWELVE_EIGHT: Tabs = (
    (
        0.35,
        """
kick  8.1|1.2|5.3|1.1
snare ...|8..|...|8.1
hat   766|766|766|766
crash 1..|...|...|...
tom   ...|...|...|..1
        """,
    ),
    (
        0.3,
        """
kick  8.1|1.2|5.3|1.1
snare ...|8..|...|8.1
ride  766|766|766|766
crash 1..|...|...|...
tom   ...|...|...|..1
        """,
    ),
    (
        0.15,
        """
kick  8.1|1.4|2.4|1.1
snare ..1|8.1|..1|8.1
hat   544|544|544|544
ride  322|322|322|322
crash 1..|...|...|...
        """,
    ),
    (
        0.1,
        """
kick  6.1|5.1|6.1|5.1
snare 1.1|2.1|1.1|2.1
ride  824|266|461|626
pedal 4..|4..|4..|4..
tom   1.3|1.1|1.3|1.1
        """,
    ),
    (
        0.05,
        """
kick  0..|...|...|...
snare ...|...|...|...
        """,
    ),
)

# Kick on every beat, snare off it; sixteenths on the snare; kick on one and before two; a break.
_TWO_FOUR: Tabs = (
    (
        0.35,
        """
kick  8...|7...
snare ..7.|..7.
hat   3.5.|3.5.
crash 1...|....
        """,
    ),
    (
        0.3,
        """
kick  8...|6...
snare 6.55|6.53
hat   3.3.|3.3.
crash 2...|....
        """,
    ),
    (
        0.3,
        """
kick  8..6|2.1.
snare ..21|61.1
hat   6.6.|6.6.
crash 1...|....
        """,
    ),
    (
        0.05,
        """
kick  0...|....
snare ....|....
        """,
    ),
)

# Three and two: backbeats on three and five, on two and four; swung on the ride; two and three; a break.
_FIVE_FOUR: Tabs = (
    (
        0.3,
        """
kick  8.1.|1.2.|1.1.|6.1.|1.1.
snare ....|1...|7...|1...|7..1
hat   6.6.|6.6.|6.6.|6.6.|6.6.
ride  2.1.|2.1.|2.1.|2.1.|2.1.
crash 1...|....|....|....|....
        """,
    ),
    (
        0.25,
        """
kick  8.1.|1.2.|5.3.|1.1.|2.1.
snare ....|7...|....|7...|2..1
hat   6.6.|6.6.|6.6.|6.6.|6.6.
ride  2.1.|2.1.|2.1.|2.1.|2.1.
crash 1...|....|....|....|....
        """,
    ),
    (
        0.25,
        """
kick  5..|1.4|1..|5..|1.1
snare 1..|1..|1.3|1..|5.1
ride  7..|7.7|7..|7..|7.2
pedal 1..|6..|1..|1..|6..
crash 1..|...|...|...|...
        """,
    ),
    (
        0.15,
        """
kick  8.1.|1.1.|6.1.|1.1.|2.1.
snare ....|7...|1...|1...|6..1
hat   6.6.|6.6.|6.6.|6.6.|6.6.
ride  2.1.|2.1.|2.1.|2.1.|2.1.
crash 1...|....|....|....|....
        """,
    ),
    (
        0.05,
        """
kick  0...|....|....|....|....
snare ....|....|....|....|....
        """,
    ),
)

# Eighths, in groups of 2 + 2 + 3 with the snare on the second and the last, on the hi-hat and on the ride;
# 3 + 2 + 2; 2 + 2 + 3 with the snare on the third; a break.
_SEVEN_EIGHT: Tabs = (
    (
        0.3,
        """
kick  8.|11|1.|12|6.|11|1.
snare ..|..|7.|..|1.|..|6.
hat   7.|6.|7.|6.|7.|6.|6.
crash 1.|..|..|..|..|..|..
        """,
    ),
    (
        0.2,
        """
kick  8.|11|1.|12|6.|11|1.
snare ..|..|7.|..|1.|..|6.
ride  7.|6.|7.|6.|7.|6.|6.
crash 1.|..|..|..|..|..|..
        """,
    ),
    (
        0.25,
        """
kick  8.|1.|1.|5.|1.|3.|1.
snare ..|..|4.|1.|6.|1.|5.
hat   5.|5.|5.|5.|5.|5.|5.
ride  3.|3.|3.|3.|3.|3.|3.
crash 1.|..|..|..|..|..|..
        """,
    ),
    (
        0.2,
        """
kick  8.|11|1.|12|2.|11|1.
snare ..|..|2.|..|7.|..|1.
hat   5.|5.|5.|5.|5.|5.|5.
ride  3.|3.|3.|3.|3.|3.|3.
crash 1.|..|..|..|..|..|..
        """,
    ),
    (
        0.05,
        """
kick  0.|..|..|..|..|..|..
snare ..|..|..|..|..|..|..
        """,
    ),
)

WRITTEN: Mapping[tuple[int, int], Tabs] = {
    (6, 8): _SIX_EIGHT,
    (12, 8): _TWELVE_EIGHT,
    (2, 4): _TWO_FOUR,
    (5, 4): _FIVE_FOUR,
    (7, 8): _SEVEN_EIGHT,
}
