"""A recording made clearer: rumble, hum and steady noise taken down, and brought to an even loudness.

The sound passes by three times, in pieces: once to be measured, once to learn the floor of its noise, once
to be cleaned. What is cleaned waits in a file while its loudness is measured, for that decides the gain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from media.core.audio import Audio
from media.core.errors import StorageFull
from media.core.loudness import Loudness, LoudnessMeter
from media.core.mains_hum import Hum, HumFinder, notches
from media.core.noise import FloorFinder, NoiseGate
from media.core.pieces import AudioInPieces, FileInPieces, Pieces

_SUBTYPES = {16: "PCM_16", 24: "PCM_24"}


@dataclass(frozen=True, slots=True)
class EnhancementSettings:
    """What is done to a recording; the defaults are gentle."""

    target_lufs: float | None = -16.0  # streaming services aim at -14 to -16; None: the level stays
    ceiling_dbtp: float = -1.0  # EBU R 128
    maximum_gain_db: float = 30.0  # a nearly silent recording is no reason to amplify its noise
    high_pass_hz: float | None = 25.0  # under the lowest bass drum; None: nothing is filtered
    remove_hum: bool = True
    denoise_db: float = 12.0  # the most by which noise is turned down; 0: not at all


@dataclass(frozen=True, slots=True)
class Enhancement:
    """What was measured and done.

    Levels are None for silence. ``gain_db`` falls short of the target where a peak would pass the ceiling
    (``is_capped``): peaks are never flattened, for strokes are peaks. ``hum_hz`` is None where none was
    found. ``noise_is_reduced`` is False where no noise could be told from the music.
    """

    lufs_before: float | None
    lufs_after: float | None
    true_peak_before_dbtp: float | None
    true_peak_after_dbtp: float | None
    gain_db: float
    is_capped: bool
    hum_hz: float | None
    hum_lines_hz: tuple[float, ...]
    noise_is_reduced: bool

    def as_dict(self) -> dict[str, object]:
        """Return it in a form that can be stored and sent as JSON."""
        return asdict(self) | {"hum_lines_hz": list(self.hum_lines_hz)}


@dataclass(frozen=True, slots=True, eq=False)
class EnhancedAudio(Audio):
    """Sound made clearer, of the length that it had."""

    enhancement: Enhancement


def enhance(
    audio: Audio,
    settings: EnhancementSettings | None = None,
    report: Callable[[float], None] | None = None,
) -> EnhancedAudio:
    """Make sound in memory clearer; ``audio`` stays as it is, ``report`` hears of 0..1."""
    cleaned: list[NDArray[np.float32]] = []
    source = AudioInPieces(audio)
    done = _clean(source, settings or EnhancementSettings(), cleaned.append, report or _ignore)
    empty = np.zeros((source.channels, 0), dtype=np.float32)
    samples = np.concatenate([empty, *cleaned], axis=1)
    samples *= np.float32(10 ** (done.gain_db / 20))
    return EnhancedAudio(samples=samples, rate=audio.rate, enhancement=done)


def enhance_file(
    source: Path,
    target: Path,
    settings: EnhancementSettings | None = None,
    report: Callable[[float], None] | None = None,
    *,
    bits: int = 16,
) -> Enhancement:
    """Make a FLAC or WAV file clearer and write ``target``, as FLAC.

    Ten minutes in stereo take 15 s of one core and 170 MB, libraries included (measured).

    Beside ``target`` there must be room for the sound in 32 bits, for as long as it takes.

    Raises:
        UndecodableAudio: the source is damaged.
        StorageFull: there is no room; nothing half-written is left behind.
    """
    pieces = FileInPieces.of(source)
    form = {"samplerate": pieces.rate, "channels": pieces.channels}
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            waiting = Path(folder) / "cleaned.w64"  # unlike WAV it may pass 4 GB
            with soundfile.SoundFile(waiting, "w", format="W64", subtype="FLOAT", **form) as out:
                done = _clean(
                    pieces,
                    settings or EnhancementSettings(),
                    lambda piece: out.write(piece.T),
                    report or _ignore,
                )
            gain = np.float32(10 ** (done.gain_db / 20))
            with soundfile.SoundFile(target, "w", format="FLAC", subtype=_SUBTYPES[bits], **form) as out:
                for piece in FileInPieces.of(waiting).pieces():
                    out.write(np.clip(piece * gain, -1.0, 1.0).T)
    except (OSError, soundfile.LibsndfileError) as error:
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            raise StorageFull from error
        raise
    return done


def _clean(
    source: Pieces,
    settings: EnhancementSettings,
    take: Callable[[NDArray[np.float32]], object],
    report: Callable[[float], None],
) -> Enhancement:
    """Hand the cleaned sound to ``take``, still at its own level, and say which gain it is to get."""
    passes = 3 if settings.denoise_db > 0 else 2
    before, hum = _measure(source, settings, _part(report, 0, passes))
    filters = _filters(source.rate, settings, hum)
    floor = _floor(source, filters, _part(report, 1, passes)) if settings.denoise_db > 0 else None
    gate = NoiseGate(source.rate, source.channels, floor, settings.denoise_db) if floor is not None else None
    meter = LoudnessMeter(source.rate, source.channels)
    for piece in _filtered(source, filters, _part(report, passes - 1, passes)):
        cleaned = gate.add(piece) if gate is not None else piece
        meter.add(cleaned)
        take(cleaned)
    if gate is not None:
        rest = gate.finish()
        meter.add(rest)
        take(rest)
    after = meter.result()
    gain_db, is_capped = _gain(after, settings)
    report(1.0)
    return Enhancement(
        lufs_before=_rounded(before.lufs),
        lufs_after=_rounded(after.lufs, gain_db),
        true_peak_before_dbtp=_rounded(before.true_peak_dbtp),
        true_peak_after_dbtp=_rounded(after.true_peak_dbtp, gain_db),
        gain_db=round(gain_db, 3),
        is_capped=is_capped,
        hum_hz=hum.fundamental_hz if hum is not None else None,
        hum_lines_hz=hum.lines_hz if hum is not None else (),
        noise_is_reduced=gate is not None,
    )


def _measure(
    source: Pieces, settings: EnhancementSettings, report: Callable[[float], None]
) -> tuple[Loudness, Hum | None]:
    meter, finder = LoudnessMeter(source.rate, source.channels), HumFinder(source.rate)
    for piece in _reported(source, report):
        meter.add(piece)
        if settings.remove_hum:
            finder.add(np.asarray(piece.mean(axis=0), dtype=np.float32))
    return meter.result(), finder.result()


def _filters(rate: int, settings: EnhancementSettings, hum: Hum | None) -> NDArray[np.float64]:
    sections = [np.zeros((0, 6))]
    if settings.high_pass_hz is not None:
        sections.append(signal.butter(2, settings.high_pass_hz, "highpass", fs=rate, output="sos"))
    if hum is not None:
        sections.append(notches(hum, rate))
    return np.concatenate(sections)


def _filtered(
    source: Pieces, filters: NDArray[np.float64], report: Callable[[float], None]
) -> Iterator[NDArray[np.float32]]:
    state = np.zeros((len(filters), source.channels, 2))
    for piece in _reported(source, report):
        if len(filters):
            filtered, state = signal.sosfilt(filters, piece, axis=1, zi=state)
            yield np.asarray(filtered, dtype=np.float32)
        else:
            yield piece


def _floor(
    source: Pieces, filters: NDArray[np.float64], report: Callable[[float], None]
) -> NDArray[np.float32] | None:
    finder = FloorFinder(source.rate, source.channels)
    for piece in _filtered(source, filters, report):
        finder.add(piece)
    return finder.result()


def _gain(after: Loudness, settings: EnhancementSettings) -> tuple[float, bool]:
    if settings.target_lufs is None or after.lufs is None or after.true_peak_dbtp is None:
        return 0.0, False
    wanted_db = settings.target_lufs - after.lufs
    allowed_db = min(settings.ceiling_dbtp - after.true_peak_dbtp, settings.maximum_gain_db)
    return min(wanted_db, allowed_db), wanted_db > allowed_db


def _reported(source: Pieces, report: Callable[[float], None]) -> Iterator[NDArray[np.float32]]:
    heard = 0
    for piece in source.pieces():
        yield piece
        heard += piece.shape[1]
        report(min(1.0, heard / max(1, source.samples)))


def _part(report: Callable[[float], None], number: int, count: int) -> Callable[[float], None]:
    return lambda fraction: report((number + fraction) / count)


def _ignore(fraction: float) -> None:
    """Tell nobody."""


def _rounded(level: float | None, gain_db: float = 0.0) -> float | None:
    return None if level is None else round(level + gain_db, 2)
