from __future__ import annotations

import pytest

from drumsite.templatetags.clock import clock, eta, fraction


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0:00"), (213.4, "3:33"), (59.6, "1:00"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_seconds_are_shown_as_a_player_shows_them(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "a few seconds left"),
        (12, "about 15 s left"),
        (58, "about 1 min left"),
        (200, "about 3 min left"),
    ],
)
def test_an_estimate_is_coarse_and_never_a_false_zero(seconds, text):
    assert eta(seconds) == text


def test_a_fraction_has_a_point_in_every_language():
    assert (fraction(0.5), fraction(None)) == ("0.5000", "0")
