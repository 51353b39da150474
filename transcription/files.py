"""The files that a person can take away: which artifact stands behind each format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from media.models import Artifact
from media.selectors import artifact_of_job, artifacts_of_job, artifacts_of_jobs
from transcription.errors import NotReady, UnknownFormat
from transcription.models import Job


@dataclass(frozen=True, slots=True)
class DownloadFormat:
    """A format: its name in URLs, how people call it, its artifact and the ending of the saved file."""

    fmt: str
    label: str
    kind: str
    ending: str


def _by_name(*formats: DownloadFormat) -> dict[str, DownloadFormat]:
    return {entry.fmt: entry for entry in formats}


SCORES = _by_name(
    DownloadFormat("pdf", "PDF", "score.pdf", ".pdf"),
    DownloadFormat("musicxml", "MusicXML", "score.musicxml", ".musicxml"),
    DownloadFormat("mxl", "MusicXML, compressed", "score.mxl", ".mxl"),
    DownloadFormat("midi", "MIDI", "score.mid", ".mid"),
    DownloadFormat("json", "JSON", "result.json", ".json"),
    DownloadFormat("svg", "SVG", "score-desktop.svg", ".svg"),
)
SOUNDS = _by_name(
    DownloadFormat("drums", "Drums", "drums.flac", " drums.flac"),
    DownloadFormat("drumless", "Everything but the drums", "drumless.flac", " without drums.flac"),
    DownloadFormat("bass", "Bass", "bass.flac", " bass.flac"),
    DownloadFormat("vocals", "Vocals", "vocals.flac", " vocals.flac"),
    DownloadFormat("guitar", "Guitar", "guitar.flac", " guitar.flac"),
    DownloadFormat("piano", "Piano", "piano.flac", " piano.flac"),
    DownloadFormat("other", "All other instruments", "other.flac", " other.flac"),
    DownloadFormat("click", "Click", "click.flac", " click.flac"),
    DownloadFormat("enhanced", "Cleaned sound", "enhanced.flac", " cleaned.flac"),
)
FACTS = _by_name(
    DownloadFormat("hits", "Hits", "hits.json", " hits.json"),
    DownloadFormat("onsets", "Strokes", "onsets.json", " strokes.json"),
    DownloadFormat("beats", "Beats", "beats.json", " beats.json"),
    DownloadFormat("analysis", "Analysis", "analysis.json", " analysis.json"),
    DownloadFormat("enhancement", "What was cleaned", "enhancement.json", " cleaned.json"),
    DownloadFormat("stems-info", "About the stems", "stems.json", " stems.json"),
)
# What the score page fetches to play the recording.
PLAYER_FORMATS = _by_name(
    # Hits are timed against this decoding; a browser's own of an mp3 may begin 25 ms earlier or later,
    # and some uploads (mkv, wma) no browser plays.
    DownloadFormat("audio", "Sound", "audio.flac", ".flac"),
    DownloadFormat("peaks", "Waveform", "peaks.json", " waveform.json"),
)
FORMATS: dict[str, DownloadFormat] = {**SCORES, **SOUNDS, **FACTS, **PLAYER_FORMATS}


def artifact_for(job: Job, fmt: str) -> tuple[DownloadFormat, Artifact]:
    """Return the artifact behind ``fmt``; raises UnknownFormat, NotReady."""
    chosen = FORMATS.get(fmt)
    if chosen is None:
        raise UnknownFormat(format=fmt[:40], known=", ".join(FORMATS))
    artifact = artifact_of_job(job.pk, chosen.kind)
    if artifact is None:
        raise NotReady(status=job.status)
    return chosen, artifact


def result_artifact(job: Job) -> Artifact:
    """Return the file that says what came of the job; raises NotReady."""
    artifact = artifact_of_job(job.pk, job.operation_spec.result)
    if artifact is None:
        raise NotReady(status=job.status)
    return artifact


def files_of(job: Job) -> list[tuple[DownloadFormat, Artifact]]:
    """Return everything that can be taken away of ``job`` now, in the order of :data:`FORMATS`."""
    there = {artifact.kind: artifact for artifact in artifacts_of_job(job.pk)}
    return [(entry, there[entry.kind]) for entry in FORMATS.values() if entry.kind in there]


def takeaway_of(jobs: Sequence[Job]) -> dict[UUID, list[tuple[DownloadFormat, Artifact]]]:
    """Return what a person takes away of each of ``jobs``: scores and stems; where there are none, the facts.

    One query for all of them.
    """
    there: dict[UUID, dict[str, Artifact]] = {job.pk: {} for job in jobs}
    for artifact in artifacts_of_jobs(list(there)):
        there[artifact.job_id][artifact.kind] = artifact
    return {pk: _takeaway(of_job) for pk, of_job in there.items()}


def _takeaway(there: Mapping[str, Artifact]) -> list[tuple[DownloadFormat, Artifact]]:
    for formats in ({**SCORES, **SOUNDS}, FACTS, PLAYER_FORMATS):
        chosen = [(entry, there[entry.kind]) for entry in formats.values() if entry.kind in there]
        if chosen:
            return chosen
    return []


def sounds_of(job: Job) -> list[tuple[DownloadFormat, Artifact]]:
    """Return the sound files that were made in ``job``: stems, the click, the cleaned sound."""
    return [(entry, artifact) for entry, artifact in files_of(job) if entry.fmt in SOUNDS]


def facts_of(job: Job) -> list[tuple[DownloadFormat, Artifact]]:
    """Return what was found out in ``job``, as files for programs."""
    return [(entry, artifact) for entry, artifact in files_of(job) if entry.fmt in FACTS]


def download_name(job: Job, chosen: DownloadFormat, *, longest: int | None = None) -> str:
    """Return the name that a browser saves the file under, its title cut to ``longest`` characters."""
    return f"{safe_title(job)[:longest].strip(' .')}{chosen.ending}"


def safe_title(job: Job) -> str:
    """Return the job's title as every file system takes it."""
    return safe_name(str(job.options.get("title") or job.recording.title))


def safe_name(title: str) -> str:
    """Return ``title`` as every file system takes it."""
    safe = "".join(char if char.isalnum() or char in " -_." else "_" for char in title).strip(" .")
    return safe or "drum score"
