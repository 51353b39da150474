"""The pipeline: from a recording to its score, a line a stage.

The worker, ``manage.py transcribe`` and the benchmark run the same functions; only the reporting differs.
A stage reads files and writes files, all named in ``transcription.core.stages``, so any stage can be run
again on its own.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media.core.decoding import DEFAULT_RATE, decode_in_pieces
from media.core.enhancement import EnhancementSettings, enhance_file
from media.core.flac import FlacWriter
from media.core.peaks import WaveformMeter
from media.core.sound_analysis import analyse_file
from notation.core.form.form import find_form, with_sections
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.quantising.quantise_config import GridChoice, QuantiseConfig, SwingChoice
from notation.core.score import score_from_json, score_to_json
from notation.core.writers.exports import ExportFormat, ExportOptions, export
from transcription.core.activations import Activations
from transcription.core.beats import BeatHints, track_beats
from transcription.core.click import write_click
from transcription.core.given_onsets import onsets_of
from transcription.core.hearing import hear, name_given
from transcription.core.hit_list import grid_from_json, grid_to_json, hits_from_json, hits_to_json
from transcription.core.nets import Nets
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.core.result import Finding, build_result
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.song_analysis import ANALYSIS_SCHEMA, onset_density, tempo_curve
from transcription.core.stages import SOURCE, Stage
from transcription.core.weight_errors import WeightsFetchingDisabled, WeightsNotFound, WeightsUnreachable

Report = Callable[[float], None]
FEW_HITS = 4
UNSURE_CONFIDENCE = 0.5
_FETCHED = 0.05  # of a separation's work, until its networks are there
_SHIFTS_SEED = 7  # the same song is taken apart the same way each time


@dataclass(frozen=True, slots=True)
class Limits:
    """What this site accepts, in seconds of sound."""

    minimum_s: float = 1.0
    maximum_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class StageContext:
    """All that a stage is handed: where its files are, what was asked for, and how to report progress."""

    inputs: Mapping[str, Path]
    output_dir: Path
    options: JobOptions
    limits: Limits
    nets: Nets
    report: Report
    earlier_warnings: tuple[Finding, ...] = ()
    operation: Operation = Operation.TRANSCRIBE

    @property
    def sound(self) -> Path:
        """What is listened to: the drums, where an earlier stage took them out of the song."""
        return self.inputs.get("drums.flac", self.inputs["audio.flac"])

    def read_json(self, name: str) -> Any:
        """Return the content of an input."""
        return json.loads(self.inputs[name].read_text("utf-8"))

    def write_json(self, name: str, data: object) -> None:
        """Write an output; equal data gives equal bytes."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        (self.output_dir / name).write_text(text, "utf-8")

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write an output."""
        (self.output_dir / name).write_bytes(data)


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """What a stage has to say besides its files.

    ``is_final`` is false where the result would be another on another day, because something was away: an
    equal job runs the stage again.
    """

    warnings: tuple[Finding, ...] = ()
    engine: str = ""
    is_final: bool = True


def extract(context: StageContext) -> StageOutcome:
    """Decode the recording to FLAC, and draw its waveform."""
    source = context.inputs[SOURCE]
    outline = WaveformMeter()
    with FlacWriter(context.output_dir / "audio.flac", DEFAULT_RATE) as sound:

        def take(piece: NDArray[np.float32]) -> None:
            sound.write(piece)
            outline.add(piece)

        decoded = decode_in_pieces(
            source,
            take,
            min_duration_s=context.limits.minimum_s,
            max_duration_s=context.limits.maximum_s,
            report=context.report,
            track=context.options.track,
        )
    context.write_json("peaks.json", outline.waveform(decoded.rate))
    context.write_json(
        "audio.json",
        {
            "duration_s": round(decoded.duration_s, 3),
            "sha256": _sha256(source),
            "rate": decoded.rate,
            "samples": decoded.samples,
            "channels": decoded.channels,
        },
    )
    return StageOutcome(tuple(Finding(warning.code, warning.message) for warning in decoded.warnings))


def separate(context: StageContext) -> StageOutcome:
    """Take the song apart into stems; where that cannot be done now, say so and leave it whole."""
    options = context.options
    chosen = SeparationOptions(
        model=options.separation_model,
        shifts=options.shifts,
        overlap=options.overlap,
        segment_s=options.segment_s,
        two_stems=options.two_stems,
    )
    try:
        from transcription.core.separation.separate import (
            separate as take_apart,  # here: few songs need demucs
        )

        separator = context.nets.separator(chosen, lambda done: context.report(_FETCHED * done))
    except (WeightsUnreachable, WeightsNotFound, WeightsFetchingDisabled, ModuleNotFoundError) as error:
        if context.operation is Operation.SEPARATE:
            raise  # there is nothing else to do for this job
        text = f"The drums could not be taken out of the song, which was heard as it is. {error}"
        return StageOutcome((Finding("not_separated", text),), is_final=False)
    done = take_apart(
        context.inputs["audio.flac"],
        context.output_dir,
        separator,
        chosen,
        rng=random.Random(_SHIFTS_SEED),
        device=context.nets.config.separate_device,
        report=lambda fraction: context.report(_FETCHED + (1 - _FETCHED) * fraction),
    )
    stems = [{"name": stem.name, "file": stem.path.name} for stem in done.stems]
    context.write_json("stems.json", {"model": done.label, "device": done.device, "stems": stems})
    return StageOutcome(done.warnings, done.label)


def enhance(context: StageContext) -> StageOutcome:
    """Clean the sound and bring it to a usual loudness; what listens for drums does not need it."""
    options = context.options
    settings = EnhancementSettings(
        target_lufs=options.loudness_lufs,
        denoise_db=EnhancementSettings().denoise_db if options.denoise else 0.0,
    )
    done = enhance_file(
        context.inputs["audio.flac"], context.output_dir / "enhanced.flac", settings, context.report
    )
    context.write_json("enhancement.json", done.as_dict())
    return StageOutcome()


def onsets(context: StageContext) -> StageOutcome:
    """Hear when anything is struck, whatever it is."""
    heard = hear(context.sound, context.options.engine, context.nets, context.report)
    onsets = [onset.as_dict() for onset in onsets_of(heard.hits)]
    context.write_json("onsets.json", {"engine": heard.engine, "onsets": onsets})
    return StageOutcome(heard.warnings, heard.engine)


def classify(context: StageContext) -> StageOutcome:
    """Say what is struck at times that are given."""
    options = context.options
    named = name_given(context.sound, options.onsets_s or (), options.engine, context.nets, context.report)
    unheard = {"unheard_s": [round(time, 4) for time in named.unheard_s]}
    context.write_json("hits.json", hits_to_json(named.hits, engine=named.engine) | unheard)
    return StageOutcome(named.warnings, named.engine)


def detect(context: StageContext) -> StageOutcome:
    """Hear every hit."""
    heard = hear(context.sound, context.options.engine, context.nets, context.report)
    heard.activations.save(context.output_dir / "activations.npz")
    missed = {name.value: round(mass, 2) for name, mass in heard.missed.items()}
    context.write_json("hits.json", hits_to_json(heard.hits, engine=heard.engine) | {"missed_mass": missed})
    return StageOutcome((*heard.warnings, *_doubts(heard.hits)), heard.engine)


def beats(context: StageContext) -> StageOutcome:
    """Follow the beat and find the bar lines."""
    options = context.options
    audio = context.read_json("audio.json")
    meter = options.meter_parts
    hints = BeatHints(
        tempo_bpm=options.tempo_bpm,
        beats_per_bar=meter[0] if meter else None,
        beat_type=meter[1] if meter else None,
        first_downbeat_s=options.first_downbeat_s,
    )
    grid = track_beats(
        Activations.load(context.inputs["activations.npz"]),
        hits_from_json(context.read_json("hits.json")),
        hints,
        duration_s=audio["duration_s"],
    )
    context.write_json("beats.json", grid_to_json(grid))
    # Sound that was read by an earlier version does not say how many samples it has.
    samples = audio.get("samples", round(audio["duration_s"] * audio["rate"]))
    write_click(grid.beats, context.output_dir / "click.flac", audio["rate"], samples=samples)
    if grid.unreliable:
        text = (
            "The beat was hard to follow. If the bars look wrong, give the tempo or the meter and try again."
        )
        return StageOutcome((Finding("tempo_unreliable", text),))
    return StageOutcome()


def analyse(context: StageContext) -> StageOutcome:
    """Measure the sound, how densely it is drummed, and how its tempo moves."""
    sound = analyse_file(context.inputs["audio.flac"], context.report)
    hits = hits_from_json(context.read_json("hits.json"))
    context.write_json(
        "analysis.json",
        {
            "schema": ANALYSIS_SCHEMA,
            "sound": sound.as_dict(),
            "onset_density": onset_density(hits, sound.duration_s),
            "tempo": tempo_curve(grid_from_json(context.read_json("beats.json"))),
        },
    )
    return StageOutcome()


def notate(context: StageContext) -> StageOutcome:
    """Turn hits into written rhythm."""
    heard = context.read_json("hits.json")
    grid = grid_from_json(context.read_json("beats.json"))
    config = QuantiseConfig(GridChoice(context.options.grid), SwingChoice(context.options.swing))
    score = quantise(
        hits_from_json(heard), grid, config, title=context.options.title, artist=context.options.artist
    )
    score = with_sections(score, find_form(score))
    result = build_result(
        score=score,
        grid=grid,
        audio=context.read_json("audio.json"),
        engines={"detect": heard["engine"]},
        warnings=context.earlier_warnings,
        missed_mass_by_instrument=_missed_mass(heard),
    )
    context.write_json("score.json", score_to_json(score))
    context.write_json("result.json", result)
    return StageOutcome()


# What a job leaves for its owner to take away; pages and the API write everything else from the notation.
_WRITTEN = {
    "score.pdf": ExportFormat.PDF,
    "score-desktop.svg": ExportFormat.SVG,
    "score.musicxml": ExportFormat.MUSICXML,
    "score.mxl": ExportFormat.MXL,
    "score.mid": ExportFormat.MIDI,
}


def engrave(context: StageContext) -> StageOutcome:
    """Draw the score and write every file that a person can take away from the job."""
    score = score_from_json(context.read_json("score.json"))
    options = ExportOptions(paper="letter" if context.options.paper == "letter" else "a4")
    for done, (name, fmt) in enumerate(_WRITTEN.items()):
        context.report(done / len(_WRITTEN))
        context.write_bytes(name, export(score, fmt, options).content)
    return StageOutcome()


STAGE_FUNCTIONS: dict[Stage, Callable[[StageContext], StageOutcome]] = {
    Stage.EXTRACT: extract,
    Stage.ENHANCE: enhance,
    Stage.SEPARATE: separate,
    Stage.ONSETS: onsets,
    Stage.CLASSIFY: classify,
    Stage.DETECT: detect,
    Stage.BEATS: beats,
    Stage.ANALYSE: analyse,
    Stage.NOTATE: notate,
    Stage.ENGRAVE: engrave,
}


def _doubts(hits: Sequence[Hit]) -> tuple[Finding, ...]:
    if len(hits) < FEW_HITS:
        text = "Hardly any drums were heard. Is there a drum kit in this recording?"
        return (Finding("few_hits", text),)
    if sum(hit.confidence for hit in hits) / len(hits) < UNSURE_CONFIDENCE:
        text = "The drums were hard to hear here; expect more mistakes than usual."
        return (Finding("low_confidence", text),)
    return ()


def _missed_mass(heard: Mapping[str, Any]) -> dict[InstrumentName, float] | None:
    # Hits that were stored by an earlier version do not say.
    missed = heard.get("missed_mass")
    return None if missed is None else {InstrumentName(name): mass for name, mass in missed.items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
