"""The stages of the pipeline: their order, queues, and what each reads and writes. Loads no network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A step between a recording and what is made of it; the name is stable."""

    EXTRACT = "extract"
    ENHANCE = "enhance"
    SEPARATE = "separate"
    ONSETS = "onsets"
    CLASSIFY = "classify"
    DETECT = "detect"
    BEATS = "beats"
    ANALYSE = "analyse"
    NOTATE = "notate"
    ENGRAVE = "engrave"


# The recording as it was uploaded; every other name is a file that a stage writes.
SOURCE = "source"
# What separation writes; a model need not have all of them.
STEMS = ("drums.flac", "bass.flac", "other.flac", "vocals.flac", "guitar.flac", "piano.flac")


@dataclass(frozen=True, slots=True)
class StageSpec:
    """What is known of a stage without running it.

    ``reads`` and ``writes`` name files (artifact kinds); ``reads_if_there`` those that it takes where an
    earlier stage wrote them, ``may_write`` those that it need not write. ``options`` are the job options that
    change its result. ``version`` is raised whenever its result changes for equal inputs.
    ``seconds_per_minute`` is the cost, measured on two cores, from which the first estimate of the remaining
    time is made.
    """

    stage: Stage
    label: str
    queue: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    options: tuple[str, ...]
    version: int
    seconds_per_minute: float
    reads_if_there: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()


_HEARING = ("engine",)

# In the order in which they follow one another, where an operation has them.
STAGES: tuple[StageSpec, ...] = (
    StageSpec(
        Stage.EXTRACT, "Reading the sound", "io",
        reads=(SOURCE,), writes=("audio.flac", "peaks.json", "audio.json"),
        options=("track",), version=2, seconds_per_minute=0.3,
    ),
    StageSpec(
        Stage.ENHANCE, "Cleaning the sound", "cpu",
        reads=("audio.flac",), writes=("enhanced.flac", "enhancement.json"),
        options=("loudness_lufs", "denoise"), version=1, seconds_per_minute=2.0,
    ),
    StageSpec(
        Stage.SEPARATE, "Taking the song apart", "gpu",
        reads=("audio.flac",), writes=(), may_write=(*STEMS, "drumless.flac", "stems.json"),
        options=("separation_model", "shifts", "overlap", "segment_s", "two_stems"),
        version=1, seconds_per_minute=20.0,
    ),
    StageSpec(
        Stage.ONSETS, "Finding the strokes", "gpu",
        reads=("audio.flac",), reads_if_there=("drums.flac",), writes=("onsets.json",),
        options=_HEARING, version=1, seconds_per_minute=0.9,
    ),
    StageSpec(
        Stage.CLASSIFY, "Naming the strokes", "gpu",
        reads=("audio.flac",), reads_if_there=("drums.flac",), writes=("hits.json",),
        options=(*_HEARING, "onsets_s"), version=1, seconds_per_minute=0.9,
    ),
    StageSpec(
        Stage.DETECT, "Hearing the drums", "gpu",
        reads=("audio.flac",), reads_if_there=("drums.flac",), writes=("activations.npz", "hits.json"),
        options=_HEARING, version=3, seconds_per_minute=0.9,
    ),
    StageSpec(
        Stage.BEATS, "Following the beat", "gpu",
        reads=("activations.npz", "hits.json", "audio.json"), writes=("beats.json", "click.flac"),
        options=("tempo_bpm", "meter", "first_downbeat_s"), version=4, seconds_per_minute=1.0,
    ),
    StageSpec(
        Stage.ANALYSE, "Measuring the sound", "cpu",
        reads=("audio.flac", "hits.json", "beats.json"), writes=("analysis.json",),
        options=(), version=1, seconds_per_minute=0.5,
    ),
    StageSpec(
        Stage.NOTATE, "Writing the notes", "cpu",
        reads=("hits.json", "beats.json", "audio.json"), writes=("score.json", "result.json"),
        options=("grid", "swing", "title", "artist"), version=4, seconds_per_minute=0.13,
    ),
    StageSpec(
        Stage.ENGRAVE, "Engraving the score", "cpu",
        reads=("score.json",),
        writes=("score.musicxml", "score.mxl", "score.mid", "score.pdf", "score-desktop.svg"),
        options=("paper",), version=3, seconds_per_minute=0.5,
    ),
)  # fmt: skip

SPEC_BY_STAGE: dict[Stage, StageSpec] = {spec.stage: spec for spec in STAGES}
