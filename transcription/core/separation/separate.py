"""From a song's file to a file for each stem, in memory that does not grow with the song."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from transcription.core.devices import AUTO, chosen_device
from transcription.core.result import SEPARATED_ON_CPU, Finding
from transcription.core.separation.errors import SeparatorDamaged
from transcription.core.separation.networks import computing_on
from transcription.core.separation.overlapping import OverlapAdd
from transcription.core.separation.segments import Pass, Schedule, plan_passes
from transcription.core.separation.separation_options import SHORTEST_SEGMENT_S, SeparationOptions
from transcription.core.separation.separator import CHANNELS, Separator
from transcription.core.separation.song_reading import RollingSong, Song, survey
from transcription.core.separation.stem_files import Stem, StemFiles

Report = Callable[[float], None]
_Answer = TypeVar("_Answer")

STEMS_CLIPPED = "stems_clipped"

_SURVEYED = 0.01  # of the work: reading the song once
_AT_ONCE_ON_CARD = (
    4  # chosen, not measured; on the processor three at once took 1.28 times as long (measured)
)
_CLIPPED_SHARE = 1e-4  # chosen: fewer clipped samples than one in ten thousand are not heard


@dataclass(frozen=True, slots=True)
class Separation:
    """The stems of a song, the drums first where the networks have them first, ``drumless`` last.

    ``device`` is where the networks ran in the end: ``cpu``, ``cuda:0``, ``mps``. ``label`` is the
    separator's.
    """

    stems: tuple[Stem, ...]
    device: str
    label: str
    warnings: tuple[Finding, ...]

    def path_of(self, stem: str) -> Path:
        """Return the file of ``stem``; raises KeyError when there is none."""
        return {each.name: each.path for each in self.stems}[stem]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to do the work; when the device's memory does not suffice, the next is tried."""

    device: torch.device
    at_once: int
    segment_s: float | None


def separate(
    song: Path,
    folder: Path,
    separator: Separator,
    options: SeparationOptions,
    *,
    rng: random.Random,
    device: str = AUTO,
    report: Report = lambda fraction: None,
) -> Separation:
    """Take the FLAC file ``song`` apart into ``drums.flac``, ``drumless.flac`` and the other stems, in
    ``folder``.

    The stems equal those of ``demucs.api`` to float32's rounding, and have the song's rate, length and
    channels. A mono song is heard in stereo and its stems are the mean of both sides. ``drumless`` is the
    song less the drums, at the song's own rate: what no stem claims stays in it, and it costs no other
    network.

    Args:
        separator: loaded with the same ``options``.
        rng: moves the shifts; drawn from even if the work is then stopped.
        device: as :func:`transcription.core.devices.chosen_device` has it. When its memory does not
            suffice, less is computed at once, then in shorter segments, then on the processor, which is a
            warning.
        report: called with the fraction done, 0..1, before every segment and piece; what it raises ends the
            work, and no file is left.
    Raises:
        DeviceUnavailable, InvalidOption, UndecodableAudio, UnsupportedAudio, StorageFull: see their classes.
        SeparatorDamaged: the networks' answers are no numbers.
    """
    chosen = chosen_device(device)
    attempts = attempts_on(chosen, separator, options)
    report(0.0)
    surveyed = survey(song, separator.rate, check=lambda: report(0.0))
    drawn = rng.getstate()

    def work(attempt: Attempt) -> tuple[Stem, ...]:
        rng.setstate(drawn)  # every attempt makes the same shifts
        as_attempted = replace(options, segment_s=attempt.segment_s)
        passes = plan_passes(separator, surveyed.heard_samples, as_attempted, rng)
        return _stream(surveyed, folder, separator, passes, attempt, options.bits, report)

    fitted, stems = first_that_fits(attempts, work)
    warnings: list[Finding] = []
    if fitted.device != chosen:
        warnings.append(
            Finding(SEPARATED_ON_CPU, "The graphics card had no memory left; this took longer without it.")
        )
    if any(stem.clipped > _CLIPPED_SHARE * surveyed.samples * surveyed.channels for stem in stems):
        warnings.append(Finding(STEMS_CLIPPED, "Some stems are louder than a file can be and were clipped."))
    return Separation(stems, str(fitted.device), separator.label, tuple(warnings))


def attempts_on(
    device: torch.device, separator: Separator, options: SeparationOptions
) -> tuple[Attempt, ...]:
    """Return the ways to do the work, the one that needs most of ``device``'s memory first."""
    if device.type == "cpu":
        return (Attempt(device, 1, options.segment_s),)
    attempts = [Attempt(device, _AT_ONCE_ON_CARD, options.segment_s), Attempt(device, 1, options.segment_s)]
    if all(member.needs_less_for_less for member in separator.members):
        own_s = min(float(member.network.segment) for member in separator.members)
        for divisor in (2, 4):
            shorter_s = (options.segment_s or own_s) / divisor
            if shorter_s >= SHORTEST_SEGMENT_S:
                attempts.append(Attempt(device, 1, shorter_s))
    return (*attempts, Attempt(torch.device("cpu"), 1, options.segment_s))


def first_that_fits(
    attempts: Sequence[Attempt], work: Callable[[Attempt], _Answer]
) -> tuple[Attempt, _Answer]:
    """Do ``work`` in the first way for which there is memory, and return that way and its answer."""
    for attempt in attempts[:-1]:
        try:
            return attempt, work(attempt)
        except RuntimeError as error:
            # On Apple's cards the error has no class of its own.
            if not isinstance(error, torch.OutOfMemoryError) and "out of memory" not in str(error):
                raise
        if attempt.device.type == "cuda":
            torch.cuda.empty_cache()
    return attempts[-1], work(attempts[-1])


def _stream(
    song: Song,
    folder: Path,
    separator: Separator,
    passes: tuple[Pass, ...],
    attempt: Attempt,
    bits: int,
    report: Report,
) -> tuple[Stem, ...]:
    for member in separator.members:
        member.network.to(attempt.device)
    schedule, rolling = Schedule(passes), RollingSong(song)
    sums = OverlapAdd(len(separator.stems), CHANNELS)
    done = 0
    with StemFiles(folder, song, separator.stems, bits=bits) as files:
        while (taken := schedule.take(attempt.at_once)) is not None:
            turn, indices = taken
            report(_SURVEYED + (1.0 - _SURVEYED) * done / schedule.segments)
            segments = [turn.segment(index) for index in indices]
            windows = [rolling.window(each.window_begin, each.window_length) for each in segments]
            for index, answer in zip(indices, _answers(turn, windows, attempt.device), strict=True):
                _add(sums, turn, index, answer)
            done += len(indices)
            rolling.forget(schedule.needed_from)
            final = sums.take(schedule.final_before)
            final *= np.float32(song.deviation)
            final += np.float32(song.mean)
            if not np.isfinite(final).all():
                raise SeparatorDamaged(name=separator.name, reason="what it computes is no sound")
            files.write(final)
        report(1.0)
        return files.finish()


def _answers(turn: Pass, windows: Sequence[NDArray[np.float32]], device: torch.device) -> NDArray[np.float32]:
    """Return what the pass's network says about the windows: shape (windows, sources, channels, samples)."""
    with computing_on(device):
        heard = torch.from_numpy(windows[0][None] if len(windows) == 1 else np.stack(windows))
        return np.asarray(turn.member.network(heard.to(device)).cpu().numpy(), np.float32)


def _add(sums: OverlapAdd, turn: Pass, index: int, answer: NDArray[np.float32]) -> None:
    """Add the middle of ``answer``, which is the segment ``index``, to the stems that it counts for."""
    segment, weights = turn.segment(index), turn.weights(index)
    skipped = (answer.shape[-1] - segment.length) // 2
    middle = answer[..., skipped : skipped + segment.length]
    for row, stem, share in zip(turn.member.rows, turn.member.stems, turn.member.shares, strict=True):
        counts = weights if share * turn.share == 1.0 else weights * np.float32(share * turn.share)
        sums.add(segment.begin, middle[row] * counts, stem)
