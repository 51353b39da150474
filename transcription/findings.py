"""What an analysis or a cleaning found, in a person's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from media.errors import FileMissing
from media.reading import read_artifact
from media.selectors import artifact_of_job
from transcription.core.operations import Operation
from transcription.models import Job


def figures_of(job: Job) -> list[tuple[str, str]]:
    """Return the figures that the page of a finished job shows: what it is, and how much.

    None where the operation has none, or the file that they are in is lost: the rest of the page is not.
    """
    describe = _FIGURES.get(job.operation)
    artifact = artifact_of_job(job.pk, job.operation_spec.result) if describe else None
    if describe is None or artifact is None:
        return []
    try:
        return describe(json.loads(read_artifact(artifact)))
    except FileMissing:
        return []


def _of_analysis(found: dict[str, Any]) -> list[tuple[str, str]]:
    sound, tempo, density = found["sound"], found["tempo"], found["onset_density"]
    rows = [
        ("Loudness", _with_unit(sound["lufs"], "LUFS")),
        ("Loudness range", _with_unit(sound["range_lu"], "LU")),
        ("True peak", _with_unit(sound["true_peak_dbtp"], "dBTP")),
        ("Crest factor", _with_unit(sound["crest_db"], "dB")),
        ("Spectral centroid", _with_unit(sound["centroid_hz"], "Hz", digits=0)),
        ("Tempo", _with_unit(tempo["bpm"], "BPM")),
    ]
    if tempo["curve"]:
        span = f"{tempo['slowest_bpm']:.1f} to {tempo['fastest_bpm']:.1f} BPM"
        rows += [("Tempo of single bars", span), ("Drift", f"{tempo['drift_percent']:+.1f} %")]
    rows += [
        ("Strokes a second", f"{density['mean_per_s']:.1f}"),
        ("Strokes a second, where it is densest", f"{density['peak_per_s']:.1f}"),
    ]
    return rows


def _of_enhancement(found: dict[str, Any]) -> list[tuple[str, str]]:
    capped = ", as far as the peaks let it" if found["is_capped"] else ""
    return [
        ("Loudness before", _with_unit(found["lufs_before"], "LUFS")),
        ("Loudness now", _with_unit(found["lufs_after"], "LUFS")),
        ("Gain", f"{found['gain_db']:+.1f} dB{capped}"),
        ("Hum", f"{found['hum_hz']:.0f} Hz, removed" if found["hum_hz"] else "none found"),
        ("Noise", "turned down" if found["noise_is_reduced"] else "left as it is"),
    ]


def _with_unit(value: float | None, unit: str, *, digits: int = 1) -> str:
    return "none" if value is None else f"{value:.{digits}f} {unit}"


_FIGURES: dict[str, Callable[[dict[str, Any]], list[tuple[str, str]]]] = {
    Operation.ANALYSE: _of_analysis,
    Operation.ENHANCE: _of_enhancement,
}
