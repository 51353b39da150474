from __future__ import annotations

import json
from dataclasses import replace

import pytest

from transcription.core.families import Family
from transcription.core.judgement import Calibration, MemberChoice, PeakPicking, Rivalry


def test_what_is_written_is_read_again() -> None:
    picking = PeakPicking(
        calibrations={Family.CYMBAL: Calibration(1.2, 0.1, 0.3, -0.9, {Family.HIHAT: Rivalry(-2.0, 0.1)})},
        choices=PeakPicking().choices
        | {Family.SNARE: MemberChoice(weights=((1.0, 0.2), (0.1, 0.9)), offsets=(0.0, 0.5))},
        threshold=0.42,
    )

    assert PeakPicking.parsed(picking.as_json()) == picking


def test_a_family_that_was_not_fitted_takes_heights_for_chances() -> None:
    picking = PeakPicking({Family.KICK: Calibration(offset=-1.0)})

    assert picking.calibration(Family.TOM) == Calibration(height=1.0)


def test_percussion_beside_the_kit_needs_a_higher_chance() -> None:
    picking = replace(PeakPicking(), threshold=0.3, percussion_threshold=0.7)

    assert (picking.needed(Family.HIHAT), picking.needed(Family.CLAP)) == (0.3, 0.7)


def test_a_choice_among_the_wrong_number_of_members_is_refused() -> None:
    document = json.loads(PeakPicking().as_json())
    document["choices"]["snare"] = {"weights": [[1.0]], "offsets": [0.0]}

    with pytest.raises(ValueError, match="snare has 2 members"):
        PeakPicking.parsed(json.dumps(document))


def test_a_judgement_from_before_there_were_rivals_is_read() -> None:
    document = json.loads(PeakPicking({Family.KICK: Calibration(1.2)}).as_json())
    del document["calibrations"]["kick"]["rivals"]

    assert PeakPicking.parsed(json.dumps(document)).calibration(Family.KICK) == Calibration(1.2)
