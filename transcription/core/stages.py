"""The stages of the pipeline: their order, queues, and what each reads and writes. Loads no network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A step between a recording and its score; the name is stable."""

    EXTRACT = "extract"
    DETECT = "detect"
    BEATS = "beats"
    NOTATE = "notate"
    ENGRAVE = "engrave"


# The recording as it was uploaded; every other name is a file that a stage writes.
SOURCE = "source"


@dataclass(frozen=True, slots=True)
class StageSpec:
    """What is known of a stage without running it.

    ``reads`` and ``writes`` name files (artifact kinds). ``options`` are the job options that change its
    result. ``version`` is raised whenever its result changes for equal inputs. ``seconds_per_minute`` is
    the cost, measured on two cores, from which the first estimate of the remaining time is made.
    """

    stage: Stage
    label: str
    queue: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    options: tuple[str, ...]
    version: int
    seconds_per_minute: float


# Separation takes its place between extract and detect.
PIPELINE: tuple[StageSpec, ...] = (
    StageSpec(
        Stage.EXTRACT, "Reading the sound", "io",
        reads=(SOURCE,), writes=("audio.flac", "peaks.json", "audio.json"),
        options=(), version=1, seconds_per_minute=0.3,
    ),
    StageSpec(
        Stage.DETECT, "Hearing the drums", "gpu",
        reads=("audio.flac",), writes=("activations.npz", "hits.json"),
        options=("engine",), version=3, seconds_per_minute=0.9,
    ),
    StageSpec(
        Stage.BEATS, "Following the beat", "gpu",
        reads=("activations.npz", "hits.json", "audio.json"), writes=("beats.json",),
        options=("tempo_bpm", "meter", "first_downbeat_s"), version=3, seconds_per_minute=1.0,
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

SPEC_BY_STAGE: dict[Stage, StageSpec] = {spec.stage: spec for spec in PIPELINE}
ALL_FILES: tuple[str, ...] = tuple(name for spec in PIPELINE for name in spec.writes)


def next_stage(stage: Stage) -> Stage | None:
    """Return the stage after ``stage``; ``None`` after the last."""
    stages = [spec.stage for spec in PIPELINE]
    following = stages.index(stage) + 1
    return stages[following] if following < len(stages) else None
