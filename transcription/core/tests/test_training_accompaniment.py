from __future__ import annotations

import numpy as np
import pytest

from transcription.core.training.band.accompaniment import Band
from transcription.core.training.band.amplifiers import level, pumped
from transcription.core.training.band.note_bank import BankNote, NoteBank
from transcription.core.training.band.parts import Note
from transcription.core.training.band.sounds import SampledInstrument, SynthInstrument
from transcription.core.training.band.styles import ROLES, STYLES
from transcription.core.training.band.timing import RHYTHMS, grid_of, rhythm
from transcription.core.training.band.voice import Singer
from transcription.core.training.drumming.compose import Composition, Stroke
from transcription.core.training.sound.material import RATE

_SECONDS = 4.0
_LENGTH = int(_SECONDS * RATE)


@pytest.fixture(scope="module")
def bank() -> NoteBank:
    """A finger bass and a piano whose notes are decaying sines, an organ that does not decay."""
    parts, notes = [], []
    position = 0
    for program, family, pitches, decay in (
        (33, "bass", (28, 35, 42, 49), 4.0),
        (0, "piano", (45, 52, 59, 66, 73), 4.0),
        (16, "organ", (45, 52, 59, 66, 73), 0.0),
    ):
        for pitch in pitches:
            time_s = np.arange(RATE) / RATE
            sound = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) * np.exp(-decay * time_s)
            parts.append((20_000 * sound).astype(np.int16))
            notes.append(BankNote(program, family, family, pitch, 112, position, RATE))
            position += RATE
    return NoteBank(np.concatenate(parts), tuple(notes))


@pytest.fixture(scope="module")
def band(bank: NoteBank) -> Band:
    return Band(bank)


def composition_of(beats_s: np.ndarray, *, kicks_s: tuple[float, ...] = ()) -> Composition:
    strokes = [Stroke(float(beat_s), "hihat_closed", 80) for beat_s in beats_s]
    strokes += [Stroke(kick_s, "kick", 110) for kick_s in kicks_s]
    strokes.sort(key=lambda stroke: stroke.onset_s)
    return Composition(tuple(strokes), beats_s, beats_s[::4], _SECONDS)


STEADY = composition_of(np.arange(0.2, _SECONDS, 0.5), kicks_s=(0.2, 0.95, 1.2, 2.2, 2.95, 3.2))
SILENT = Composition((), np.array([]), np.array([]), _SECONDS)


def rises(sound: np.ndarray) -> np.ndarray:
    """How much louder each hundredth of a second is than the one before, over a low note's period or two."""
    hop = RATE // 100
    power = np.square(sound[: len(sound) // hop * hop]).reshape(-1, hop).mean(axis=1)
    return np.maximum(0, np.diff(np.convolve(power, np.ones(4) / 4)[: len(power)], prepend=0.0))


def test_what_is_played_has_the_length_and_level_asked_for(band):
    sound = band.play(np.random.default_rng(1), STEADY, _LENGTH)

    assert sound.shape == (_LENGTH,)
    assert sound.dtype == np.float32
    assert level(sound) == pytest.approx(1.0, abs=1e-3)


def test_the_same_seed_plays_the_same(bank):
    first = Band(bank).play(np.random.default_rng(7), STEADY, _LENGTH)
    second = Band(bank).play(np.random.default_rng(7), STEADY, _LENGTH)

    np.testing.assert_array_equal(first, second)


def test_another_seed_plays_something_else(band):
    first = band.play(np.random.default_rng(7), STEADY, _LENGTH)
    second = band.play(np.random.default_rng(8), STEADY, _LENGTH)

    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9


def test_a_walking_bass_starts_its_notes_on_the_beats(band):
    near = np.zeros(int(_SECONDS * 100), bool)
    for beat_s in STEADY.beats_s:
        near[max(0, int(beat_s * 100) - 4) : int(beat_s * 100) + 6] = True

    shares = []
    for seed in range(8):
        risen = rises(band.play(np.random.default_rng(seed), STEADY, _LENGTH, style="walking"))
        shares.append(risen[near].sum() / risen.sum())

    # A tenth of a second of each half lies near a beat: one part in five by chance.
    assert np.median(shares) > 0.7


@pytest.mark.parametrize("role", ROLES)
def test_every_player_can_be_heard_alone(band, role):
    sounds = [band.play(np.random.default_rng(seed), STEADY, _LENGTH, style=role) for seed in range(4)]

    assert all(np.isfinite(sound).all() for sound in sounds)
    assert any(np.any(sound) for sound in sounds)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_played(band, style):
    sound = band.play(np.random.default_rng(3), STEADY, _LENGTH, style=style)

    assert np.isfinite(sound).all()
    assert np.any(sound)


def test_a_band_without_drums_keeps_its_own_time(band):
    sound = band.play(np.random.default_rng(2), SILENT, _LENGTH)

    assert np.isfinite(sound).all()
    assert np.any(sound)


def test_who_follows_a_snare_that_is_never_struck_is_silent():
    hits = rhythm(np.random.default_rng(0), grid_of(np.random.default_rng(0), SILENT, 4.0), (), "snare")

    assert hits == []


def test_a_clip_of_no_length_is_empty(band):
    assert band.play(np.random.default_rng(2), STEADY, 0).shape == (0,)


def test_an_empty_bank_still_plays_on_synthesisers():
    sound = Band(NoteBank(np.zeros(0, np.int16), ())).play(np.random.default_rng(2), STEADY, _LENGTH)

    assert np.any(sound)


def test_the_grid_is_the_drummers(band):
    grid = grid_of(np.random.default_rng(0), STEADY, _SECONDS)

    for beat_s in STEADY.beats_s:
        assert np.min(np.abs(grid.beats_s - beat_s)) < 1e-9
    assert grid.beats_s[0] < 0
    assert grid.beats_s[-1] > _SECONDS


def test_bars_begin_where_the_drummers_do():
    grid = grid_of(np.random.default_rng(0), STEADY, _SECONDS)

    begins_s = grid.beats_s[list(grid.bars)]
    for downbeat_s in STEADY.downbeats_s:
        assert np.min(np.abs(begins_s - downbeat_s)) < 1e-9


def test_beats_that_jump_are_not_followed():
    jumping = composition_of(np.array([0.1, 0.2, 1.9, 2.0, 3.8]))

    grid = grid_of(np.random.default_rng(0), jumping, _SECONDS)

    gaps = np.diff(grid.beats_s)
    assert gaps.max() < 1.01 * gaps.min()


def test_a_shuffled_groove_is_answered_in_thirds():
    beats_s = np.arange(0.0, _SECONDS, 0.6)
    strokes = tuple(Stroke(float(t + 0.6 * part), "ride", 80) for t in beats_s for part in (0, 2 / 3))

    grid = grid_of(np.random.default_rng(0), Composition(strokes, beats_s, beats_s[::4], _SECONDS), _SECONDS)

    assert grid.eighths == (0.0, pytest.approx(2 / 3))


def test_a_bass_locked_to_the_kick_falls_on_it():
    grid = grid_of(np.random.default_rng(0), STEADY, _SECONDS)

    hits = rhythm(np.random.default_rng(0), grid, STEADY.strokes, "kick")

    assert [hit.onset_s for hit in hits] == [0.2, 0.95, 1.2, 2.2, 2.95, 3.2]


@pytest.mark.parametrize("kind", RHYTHMS)
def test_no_rhythm_is_faster_than_hands_are(kind):
    quick = composition_of(np.arange(0.0, _SECONDS, 0.2))
    grid = grid_of(np.random.default_rng(0), quick, _SECONDS)

    hits = rhythm(np.random.default_rng(0), grid, quick.strokes, kind)

    assert np.all(np.diff([hit.onset_s for hit in hits]) > 0.08)


def test_a_bar_that_the_clip_cuts_keeps_its_backbeat():
    """The first downbeat is the fourth beat heard, so the first beat heard is a bar's second."""
    beats_s = np.arange(0.2, _SECONDS, 0.5)
    grid = grid_of(np.random.default_rng(0), Composition((), beats_s, beats_s[3::4], _SECONDS), _SECONDS)

    hits = rhythm(np.random.default_rng(0), grid, (), "backbeat")

    assert [hit.onset_s for hit in hits if 0 <= hit.onset_s < 2.0] == pytest.approx([0.2, 1.2])


def frequency_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * RATE / len(sound))


@pytest.mark.parametrize("pitch", [52, 56, 63])
def test_a_stored_note_is_shifted_to_the_pitch_asked_for(bank, pitch):
    bus = np.zeros(RATE, np.float32)

    SampledInstrument(bank, 16).play(np.random.default_rng(0), [Note(0.0, 1.0, pitch, 0.9)], bus)

    assert frequency_hz(bus[: RATE // 2]) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=2.5)


def test_an_organ_holds_a_note_longer_than_it_is_stored(bank):
    bus = np.zeros(4 * RATE, np.float32)

    SampledInstrument(bank, 16).play(np.random.default_rng(0), [Note(0.0, 3.5, 59, 0.9)], bus)

    assert level(bus[3 * RATE : 3 * RATE + RATE // 4]) > 0.5 * level(bus[: RATE // 2])


def test_a_piano_dies_away_as_it_was_stored(bank):
    bus = np.zeros(4 * RATE, np.float32)

    SampledInstrument(bank, 0).play(np.random.default_rng(0), [Note(0.0, 3.5, 59, 0.9)], bus)

    assert not np.any(bus[2 * RATE :])


def test_a_damped_string_is_over_at_once(bank):
    ringing, damped = np.zeros(RATE, np.float32), np.zeros(RATE, np.float32)
    instrument = SampledInstrument(bank, 16)

    instrument.play(np.random.default_rng(0), [Note(0.0, 0.3, 59, 0.9)], ringing)
    instrument.play(np.random.default_rng(0), [Note(0.0, 0.3, 59, 0.9, is_damped=True)], damped)

    after = slice(RATE // 10, RATE // 5)
    assert np.std(damped[after]) < 0.05 * np.std(ringing[after])


@pytest.mark.parametrize("onset_s", [-0.2, 0.9, 5.0])
def test_notes_beyond_the_clip_are_cut_not_refused(bank, onset_s):
    for instrument in (
        SampledInstrument(bank, 16),
        SynthInstrument(np.random.default_rng(0)),
        Singer(np.random.default_rng(0)),
    ):
        bus = np.zeros(RATE, np.float32)

        instrument.play(np.random.default_rng(0), [Note(onset_s, 0.5, 59, 0.9)], bus)

        assert np.any(bus) == (onset_s < 1.0)


def test_a_synthesiser_plays_the_pitch_asked_for():
    for seed in range(5):
        bus = np.zeros(RATE, np.float32)

        SynthInstrument(np.random.default_rng(seed)).play(
            np.random.default_rng(0), [Note(0.0, 0.9, 57, 0.9)], bus
        )

        harmonics = frequency_hz(bus[: RATE // 2]) / 220
        assert harmonics == pytest.approx(round(harmonics), abs=0.02)


def test_pumping_ducks_at_the_kick_and_recovers():
    sound = pumped(np.ones(RATE, np.float32), [0.5], depth=0.8, recovery_s=0.05)

    assert sound[int(0.45 * RATE)] == 1.0
    assert sound[int(0.507 * RATE)] == pytest.approx(0.2, abs=0.03)
    assert sound[int(0.9 * RATE)] > 0.98


def test_pumping_never_clicks_however_dense_the_kicks():
    sound = pumped(np.ones(RATE, np.float32), [0.0, 0.1, 0.13, 0.15, 0.5], depth=0.9, recovery_s=0.2)

    assert np.max(np.abs(np.diff(sound))) < 0.01
