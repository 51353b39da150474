from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from transcription.core.training.drumming.grooves import Performance, read_performances, write_performance
from transcription.core.training.drumming.written_styles import STYLES


@pytest.fixture
def groove_folder(tmp_path: Path) -> Path:
    """A kick and, a quarter later, a snare, in 6/8 at 96, laid out as the Groove MIDI Dataset is."""
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.Message("note_on", note=36, velocity=100, time=0))
    track.append(mido.Message("note_on", note=38, velocity=64, time=480))
    song.save(tmp_path / "1.mid")
    (tmp_path / "info.csv").write_text(
        "bpm,style,beat_type,time_signature,midi_filename,split\n96,rock/ballad,beat,6-8,1.mid,train\n"
    )
    return tmp_path


def test_a_recorded_performance_says_in_which_style_it_is(groove_folder: Path) -> None:
    (performance,) = read_performances(groove_folder)

    assert performance.style == "rock/ballad"
    assert [(n.position, n.instrument, n.velocity) for n in performance.notes] == [
        (0.0, "kick", 100),
        (1.0, "snare", 64),
    ]


def test_a_performance_of_no_known_style_has_none() -> None:
    assert Performance((), 4.0, 4.0, 1.0, 120.0, False, "train").style == ""


@pytest.mark.parametrize("style", [None, "swing"])
def test_one_seed_writes_one_performance(style: str | None) -> None:
    once, again = (write_performance(np.random.default_rng(7), style=style) for _ in range(2))
    other = write_performance(np.random.default_rng(8), style=style)

    assert once == again
    assert once != other


def test_a_written_performance_lasts_the_bars_asked_for() -> None:
    performance = write_performance(np.random.default_rng(1), bars=5, style="7/8 two two three")

    assert performance.length_quarters == 5 * performance.bar_quarters == 17.5


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="polka"):
        write_performance(np.random.default_rng(1), style="polka")


def test_every_style_is_drawn_sooner_or_later() -> None:
    rng = np.random.default_rng(3)

    drawn = {write_performance(rng, bars=1).style for _ in range(2_500)}

    assert drawn == set(STYLES)
