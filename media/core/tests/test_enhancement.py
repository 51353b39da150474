from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.enhancement import EnhancedAudio, EnhancementSettings, enhance, enhance_file
from media.core.errors import StorageFull, UndecodableAudio
from media.core.flac import read_flac, write_flac
from media.core.loudness import LoudnessMeter
from media.core.tests.full_disk import no_file_over

RATE = 44_100
LEVEL_ONLY = EnhancementSettings(high_pass_hz=None, remove_hum=False, denoise_db=0.0)
HUM_ONLY = EnhancementSettings(target_lufs=None, high_pass_hz=None, denoise_db=0.0)
NOISE_ONLY = EnhancementSettings(target_lufs=None, high_pass_hz=None, remove_hum=False)


def strokes(seconds: int = 12, level: float = 0.3) -> tuple[NDArray[np.float32], list[int]]:
    """Return bursts of a drum at irregular times in silence, and where they begin."""
    random = np.random.default_rng(3)
    sound = np.zeros(seconds * RATE, dtype=np.float32)
    time_s = np.arange(RATE // 5) / RATE
    tone = np.sin(2 * np.pi * 190 * time_s) * np.exp(-time_s / 0.04)
    begins = [round((0.3 + 0.61 * number) * RATE) for number in range(int((seconds - 1) / 0.61))]
    for number, begin in enumerate(begins):
        rattle = 0.5 * random.standard_normal(len(time_s)) * np.exp(-time_s / 0.02)
        sound[begin : begin + len(time_s)] += level * (0.4 if number % 3 else 1.0) * (tone + rattle)
    return sound, begins


def music(seconds: int = 12, level: float = 0.05) -> NDArray[np.float32]:
    """Return steady noise in stereo: loudness without peaks."""
    noise = np.random.default_rng(5).standard_normal((2, seconds * RATE))
    return (level * np.clip(noise, -2, 2)).astype(np.float32)


def hum(seconds: int, fundamental_hz: float) -> NDArray[np.float32]:
    time_s = np.arange(seconds * RATE) / RATE
    parts = [0.02 / k * np.sin(2 * np.pi * k * fundamental_hz * time_s + k) for k in range(1, 7)]
    return np.sum(parts, axis=0).astype(np.float32)


def mono(samples: NDArray[np.float32]) -> Audio:
    return Audio(samples=samples[None, :], rate=RATE)


def lufs(audio: Audio) -> float | None:
    meter = LoudnessMeter(audio.rate, audio.samples.shape[0])
    meter.add(audio.samples)
    return meter.result().lufs


def level_db(samples: NDArray[np.float32], frequency_hz: float) -> float:
    part = samples[RATE : RATE + 8 * RATE]  # behind the filters' settling
    time_s = np.arange(len(part)) / RATE
    turning = np.exp(-2j * np.pi * frequency_hz * time_s) * np.hanning(len(part))
    return float(20 * np.log10(np.abs(np.sum(part * turning)) + 1e-9))


@pytest.mark.parametrize("level", [0.001, 0.05, 0.4])
@pytest.mark.parametrize("channels", [1, 2])
def test_soft_and_loud_recordings_come_to_the_same_loudness(level: float, channels: int) -> None:
    settings = EnhancementSettings(target_lufs=-18.0, maximum_gain_db=60.0)

    enhanced = enhance(Audio(music(level=level)[:channels], RATE), settings)

    assert lufs(enhanced) == pytest.approx(-18.0, abs=0.3)
    assert enhanced.enhancement.lufs_after == pytest.approx(-18.0, abs=0.3)
    assert enhanced.samples.dtype == np.float32
    assert enhanced.samples.shape == (channels, 12 * RATE)


def test_peaks_stay_under_the_ceiling_and_the_result_says_so() -> None:
    sound, _ = strokes(level=0.05)
    sound[RATE] = 0.5

    enhanced = enhance(mono(sound), LEVEL_ONLY)

    meter = LoudnessMeter(RATE, 1)
    meter.add(enhanced.samples)
    assert meter.result().true_peak_dbtp == pytest.approx(-1.0, abs=0.05)
    assert enhanced.enhancement.is_capped
    assert enhanced.enhancement.lufs_after == pytest.approx(lufs(enhanced), abs=0.02)


def test_level_alone_changes_nothing_but_the_level() -> None:
    sound = music()

    enhanced = enhance(Audio(sound, RATE), LEVEL_ONLY)

    gain = 10 ** (enhanced.enhancement.gain_db / 20)
    assert np.abs(enhanced.samples - sound * gain).max() < 1e-6


def test_silence_stays_silence() -> None:
    enhanced = enhance(mono(np.zeros(5 * RATE, dtype=np.float32)))

    assert not enhanced.samples.any()
    assert enhanced.enhancement.gain_db == 0.0
    assert enhanced.enhancement.lufs_before is None


@pytest.mark.parametrize("length", [0, 1, 100, 5_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_shortest_sounds_keep_their_length(length: int, channels: int) -> None:
    sound = music(1)[:channels, :length]

    enhanced = enhance(Audio(sound, RATE))

    assert enhanced.samples.shape == sound.shape
    assert np.isfinite(enhanced.samples).all()


def test_almost_silence_is_not_blown_up() -> None:
    faint = (2e-5 * np.random.default_rng(1).standard_normal(5 * RATE)).astype(np.float32)

    assert enhance(mono(faint)).enhancement.gain_db <= 30.0


def test_rumble_goes_and_the_bass_drum_stays() -> None:
    time_s = np.arange(10 * RATE) / RATE
    sound = sum(0.1 * np.sin(2 * np.pi * hz * time_s) for hz in (6.0, 55.0, 1000.0)).astype(np.float32)

    after = enhance(
        mono(sound), EnhancementSettings(target_lufs=None, remove_hum=False, denoise_db=0.0)
    ).samples[0]

    assert level_db(after, 6.0) < level_db(sound, 6.0) - 20
    assert level_db(after, 55.0) == pytest.approx(level_db(sound, 55.0), abs=0.5)
    assert level_db(after, 1000.0) == pytest.approx(level_db(sound, 1000.0), abs=0.1)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0, 49.93, 60.1])
def test_hum_goes_and_its_neighbours_stay(mains_hz: float) -> None:
    sound, _ = strokes()
    time_s = np.arange(len(sound)) / RATE
    neighbours = (mains_hz + 6.0, 2 * mains_hz - 7.0, 440.0)
    for frequency_hz in neighbours:
        sound = sound + (0.01 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)
    before = sound + hum(12, mains_hz)

    enhanced = enhance(mono(before), HUM_ONLY)

    assert enhanced.enhancement.hum_hz == pytest.approx(mains_hz, abs=0.06)
    for number in (1, 2, 3, 4):
        line_hz = number * mains_hz
        assert level_db(enhanced.samples[0], line_hz) < level_db(before, line_hz) - 20
    for frequency_hz in neighbours:
        kept = level_db(enhanced.samples[0], frequency_hz)
        assert kept == pytest.approx(level_db(before, frequency_hz), abs=1.0)


def test_where_there_is_no_hum_none_is_taken_out() -> None:
    sound, _ = strokes()
    bass = np.concatenate(
        [np.sin(2 * np.pi * hz * np.arange(RATE) / RATE) for hz in (49.0, 61.7, 55.0, 73.4) * 3]
    )
    played = sound + (0.1 * bass).astype(np.float32)

    enhanced = enhance(mono(played), HUM_ONLY)

    assert enhanced.enhancement.hum_hz is None
    assert np.abs(enhanced.samples[0] - played).max() < 1e-6


def test_noise_between_strokes_goes_down_gently_and_strokes_stay_what_they_are() -> None:
    sound, begins = strokes()
    noisy = sound + (0.003 * np.random.default_rng(9).standard_normal(len(sound))).astype(np.float32)

    after = enhance(mono(noisy), NOISE_ONLY).samples[0]

    pauses = [slice(begin + RATE // 2, begin + RATE // 2 + 3000) for begin in begins[1:-1]]
    falls_db = [20 * np.log10(np.std(noisy[pause]) / np.std(after[pause])) for pause in pauses]
    assert np.mean(falls_db) > 6.0
    assert max(falls_db) < 12.5
    for begin in begins:
        stroke = slice(begin, begin + 1500)
        peak_db = 20 * np.log10(np.abs(after[stroke]).max() / np.abs(noisy[stroke]).max())
        assert abs(peak_db) < 1.0
        onset = np.flatnonzero(np.abs(after[begin - 400 : begin + 1500]) > 0.03)[0]
        own = np.flatnonzero(np.abs(noisy[begin - 400 : begin + 1500]) > 0.03)[0]
        assert abs(int(onset) - int(own)) < RATE // 1000


def test_what_is_left_of_noise_does_not_tinkle() -> None:
    sound, begins = strokes()
    noisy = sound + (0.003 * np.random.default_rng(9).standard_normal(len(sound))).astype(np.float32)

    after = enhance(mono(noisy), NOISE_ONLY).samples[0]

    # Musical noise comes and goes in each frequency; what is left has to be about as even as it was.
    pause = slice(begins[-1] + round(0.35 * RATE), len(noisy) - 4096)
    assert _spikiness(after[pause]) < 1.2 * _spikiness(noisy[pause])


def _spikiness(samples: NDArray[np.float32]) -> float:
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::256] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 5:200]) ** 2
    return float(np.mean(np.mean(power**2, axis=0) / np.mean(power, axis=0) ** 2))


def test_steady_music_is_not_taken_for_noise() -> None:
    enhanced = enhance(Audio(music(), RATE), NOISE_ONLY)

    assert not enhanced.enhancement.noise_is_reduced
    assert np.abs(enhanced.samples - music()).max() < 1e-6


def test_stereo_keeps_its_sides() -> None:
    sound, _ = strokes()
    noise = (0.003 * np.random.default_rng(9).standard_normal((2, len(sound)))).astype(np.float32)
    stereo = np.stack([sound, 0.25 * sound]) + noise

    after = enhance(Audio(stereo, RATE)).samples

    left, right = np.sqrt(np.mean(np.square(after.astype(np.float64)), axis=1))
    assert right / left == pytest.approx(0.25, abs=0.02)


def test_a_file_is_made_clearer_as_sound_in_memory_is(tmp_path: Path) -> None:
    sound, _ = strokes()
    write_flac(mono(sound), tmp_path / "in.flac", bits=24)
    heard: list[float] = []

    done = enhance_file(tmp_path / "in.flac", tmp_path / "out.flac", report=heard.append, bits=24)

    in_memory: EnhancedAudio = enhance(read_flac(tmp_path / "in.flac"))
    assert np.abs(read_flac(tmp_path / "out.flac").samples - in_memory.samples).max() < 1e-5
    assert done == in_memory.enhancement
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.flac", "out.flac"]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    write_flac(Audio(music(3), RATE), tmp_path / "in.flac")

    with no_file_over(100_000), pytest.raises(StorageFull):
        enhance_file(tmp_path / "in.flac", tmp_path / "out.flac")

    assert [path.name for path in tmp_path.iterdir()] == ["in.flac"]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.flac").write_bytes(b"fLaC" + bytes(1000))

    with pytest.raises(UndecodableAudio):
        enhance_file(tmp_path / "in.flac", tmp_path / "out.flac")


@pytest.mark.slow
def test_a_long_recording_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    peaks = []
    for repeats in (5, 30):
        with soundfile.SoundFile(tmp_path / "in.flac", "w", RATE, 2, format="FLAC", subtype="PCM_16") as out:
            piece = np.concatenate([music(2, level=0.02), np.zeros((2, RATE), np.float32)], axis=1)
            for _ in range(repeats):
                out.write(piece.T)
        script = (
            "import resource; from pathlib import Path; from media.core.enhancement import enhance_file; "
            f"enhance_file(Path({str(tmp_path / 'in.flac')!r}), Path({str(tmp_path / 'out.flac')!r})); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) / 1024)

    assert peaks[1] < peaks[0] + 20  # MB; the sound itself would be 26 more
