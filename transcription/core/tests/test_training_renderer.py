from __future__ import annotations

import numpy as np
import pytest

from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.drumming.compose import compose
from transcription.core.training.drumming.grooves import Note, Performance, write_performance
from transcription.core.training.learning.dataset import example, examples
from transcription.core.training.render import Drums, Renderer, sounding_velocity
from transcription.core.training.sound.material import RATE, Material, OneShot, Recording

_INSTRUMENTS = (*(name.value for name in INSTRUMENTS_HEARD), "snare_rim", "china", "splash", "tambourine")


@pytest.fixture(scope="module")
def material() -> Material:
    """Two kits, one of each split, whose instruments are decaying sines; and two voices."""
    time_s = np.arange(RATE // 5) / RATE
    parts, one_shots, recordings = [], [], []
    position = 0
    for split in ("train", "valid"):
        for number, instrument in enumerate(_INSTRUMENTS):
            sound = np.sin(2 * np.pi * 60 * 1.4**number * time_s) * np.exp(-20 * time_s)
            parts.append((sound * 30_000).astype(np.int16))
            one_shots.append(OneShot(f"kit_{split}", instrument, split, 0.0, position, len(sound)))
            position += len(sound)
        hum = np.sin(2 * np.pi * 220 * np.arange(3 * RATE) / RATE)
        parts.append((hum * 10_000).astype(np.int16))
        recordings.append(Recording("voice", split, position, len(hum)))
        position += len(hum)
    return Material(np.concatenate(parts), tuple(one_shots), tuple(recordings))


@pytest.fixture(scope="module")
def grooves() -> tuple[Performance, ...]:
    notes = tuple(
        Note(bar * 4 + step / 2, "hihat_closed" if step % 2 else "kick" if step % 4 == 0 else "snare", 100)
        for bar in range(4)
        for step in range(8)
    )
    return tuple(Performance(notes, 16.0, 4.0, 1.0, 120.0, False, split) for split in ("train", "valid"))


@pytest.fixture(scope="module")
def renderer(material: Material, grooves: tuple[Performance, ...]) -> Renderer:
    return Renderer(material, grooves, "train", seconds=4.0)


def drums_with(*onsets_s: float, heard_as: int = 1, peak: float = 0.5) -> Drums:
    sound = np.zeros(2 * RATE, np.float32)
    for onset_s in onsets_s:
        sound[int(onset_s * RATE) :][:500] += np.hanning(500).astype(np.float32) * peak
    count = len(onsets_s)
    return Drums(
        sound=sound,
        onsets_s=np.array(onsets_s),
        heard_as=np.full(count, heard_as),
        velocities=np.full(count, 0.7, np.float32),
        peaks=np.full(count, peak, np.float32),
        beats_s=np.array([0.5, 1.0, 1.5]),
        downbeats_s=np.array([0.5]),
    )


def test_the_same_seed_renders_the_same_sound(renderer: Renderer) -> None:
    first, second = (renderer.drums(np.random.default_rng(4)) for _ in range(2))

    np.testing.assert_array_equal(first.sound, second.sound)
    np.testing.assert_array_equal(first.onsets_s, second.onsets_s)


def test_another_seed_renders_another_sound(renderer: Renderer) -> None:
    first, second = (renderer.drums(np.random.default_rng(seed)) for seed in (4, 5))

    assert not np.array_equal(first.sound, second.sound)


def test_the_same_seed_gives_the_same_examples(renderer: Renderer) -> None:
    for one, other in zip(
        *(
            [row for row, _ in zip(examples(renderer, np.random.default_rng(9)), range(4), strict=False)]
            for _ in "ab"
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(one.picture, other.picture)
        np.testing.assert_array_equal(one.onsets, other.onsets)


def test_something_sounds_at_every_labelled_stroke(renderer: Renderer) -> None:
    for seed in range(8):
        drums = renderer.drums(np.random.default_rng(seed))
        loud = np.abs(drums.sound)
        for onset_s in drums.onsets_s[drums.peaks > 0.2]:
            begin = int(onset_s * RATE)
            if begin + 2_000 < len(loud):
                assert loud[begin : begin + 2_000].max() > 1e-3


def test_sound_stays_finite_and_of_the_asked_length(renderer: Renderer) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        clip = renderer.mix(rng, renderer.drums(rng))

        assert clip.sound.shape == (4 * RATE,)
        assert np.isfinite(clip.sound).all()


def test_splits_are_kept_apart(material: Material, grooves: tuple[Performance, ...]) -> None:
    train_only = Material(
        material.sound,
        tuple(shot for shot in material.one_shots if shot.split == "train"),
        tuple(recording for recording in material.recordings if recording.split == "train"),
    )

    whole = Renderer(material, grooves, "train", seconds=2.0)
    part = Renderer(train_only, grooves[:1], "train", seconds=2.0)

    for seed in range(3):
        one, other = np.random.default_rng(seed), np.random.default_rng(seed)
        np.testing.assert_array_equal(
            whole.mix(one, whole.drums(one)).sound, part.mix(other, part.drums(other)).sound
        )


def test_a_stroke_is_asked_for_in_its_frame_and_half_in_the_next_ones(renderer: Renderer) -> None:
    clip = renderer.mix(np.random.default_rng(0), drums_with(1.0), accompanied=False)

    row = example(clip)

    assert row.picture.shape == (200, 168)
    assert row.onsets[98:103, 1].tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]
    assert row.velocities[100, 1] == pytest.approx(0.7, abs=0.01)
    assert row.onsets.sum() == pytest.approx(2.0)
    assert row.asked.all()


def test_a_stroke_far_under_the_mix_is_not_asked_for(renderer: Renderer) -> None:
    loud = drums_with(1.0)
    both = Drums(
        sound=loud.sound,
        onsets_s=np.array([1.0, 1.0]),
        heard_as=np.array([1, 5]),
        velocities=np.array([0.7, 0.1], np.float32),
        peaks=np.array([0.5, 0.0005], np.float32),
        beats_s=loud.beats_s,
        downbeats_s=loud.downbeats_s,
    )

    row = example(renderer.mix(np.random.default_rng(0), both, accompanied=False))

    assert row.asked[98:103, 5].tolist() == [0.0] * 5
    assert not row.onsets[:, 5].any()
    assert row.onsets[100, 1] == 1.0


def test_beats_and_downbeats_are_asked_for_where_they_fall(renderer: Renderer) -> None:
    row = example(renderer.mix(np.random.default_rng(0), drums_with(1.0), accompanied=False))

    assert np.flatnonzero(row.pulse[:, 0] == 1).tolist() == [50, 100, 150]
    assert np.flatnonzero(row.pulse[:, 1] == 1).tolist() == [50]


def test_recorded_grooves_keep_their_strokes_on_the_click(grooves: tuple[Performance, ...]) -> None:
    for seed in range(12):
        composed = compose(np.random.default_rng(seed), grooves[:1], seconds=6.0)
        gaps = np.diff(composed.beats_s)

        assert len(composed.beats_s) >= 5
        np.testing.assert_allclose(gaps, gaps[0], rtol=1e-6)
        assert set(composed.downbeats_s.round(6)) <= set(composed.beats_s.round(6))


def test_written_patterns_come_in_four_three_and_six() -> None:
    written = [write_performance(np.random.default_rng(seed)) for seed in range(60)]

    assert {(p.bar_quarters, p.beat_quarters) for p in written} >= {(4.0, 1.0), (3.0, 1.0), (3.0, 1.5)}
    for performance in written:
        assert all(1 <= note.velocity <= 127 for note in performance.notes)
        assert max(note.position for note in performance.notes) < performance.length_quarters + 0.5


def test_a_stroke_is_labelled_as_it_sounds() -> None:
    at = [sounding_velocity(level_db) for level_db in (3.0, 0.0, -9.03, -30.0, -200.0)]

    assert at == pytest.approx([1.0, 1.0, 0.5, 0.1, 1 / 127], rel=1e-3)
