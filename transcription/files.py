"""The files that a person can take away: which artifact stands behind each format."""

from __future__ import annotations

from dataclasses import dataclass

from media.models import Artifact
from media.selectors import artifact_of_job
from transcription.errors import NotReady, UnknownFormat
from transcription.models import Job


@dataclass(frozen=True, slots=True)
class DownloadFormat:
    """A format: its name in URLs, how people call it, its artifact and the ending of the saved file."""

    fmt: str
    label: str
    kind: str
    ending: str


FORMATS: dict[str, DownloadFormat] = {
    entry.fmt: entry
    for entry in (
        DownloadFormat("pdf", "PDF", "score.pdf", ".pdf"),
        DownloadFormat("musicxml", "MusicXML", "score.musicxml", ".musicxml"),
        DownloadFormat("mxl", "MusicXML, compressed", "score.mxl", ".mxl"),
        DownloadFormat("midi", "MIDI", "score.mid", ".mid"),
        DownloadFormat("json", "JSON", "result.json", ".json"),
        DownloadFormat("svg", "SVG", "score-desktop.svg", ".svg"),
    )
}
# What the score page fetches to play the recording.
PLAYER_FORMATS: dict[str, DownloadFormat] = {
    entry.fmt: entry
    for entry in (
        # Hits are timed against this decoding; a browser's own of an mp3 may begin 25 ms earlier or later,
        # and some uploads (mkv, wma) no browser plays.
        DownloadFormat("audio", "Sound", "audio.flac", ".flac"),
        DownloadFormat("peaks", "Waveform", "peaks.json", ".json"),
    )
}


def artifact_for(job: Job, fmt: str) -> tuple[DownloadFormat, Artifact]:
    """Return the artifact behind ``fmt``; raises UnknownFormat, NotReady."""
    chosen = FORMATS.get(fmt) or PLAYER_FORMATS.get(fmt)
    if chosen is None:
        raise UnknownFormat(format=fmt[:40])
    artifact = artifact_of_job(job.pk, chosen.kind)
    if artifact is None:
        raise NotReady(status=job.status)
    return chosen, artifact


def download_name(job: Job, chosen: DownloadFormat) -> str:
    """Return the name that a browser saves the file under."""
    title = str(job.options.get("title") or job.recording.title)
    safe = "".join(char if char.isalnum() or char in " -_." else "_" for char in title).strip(" .")
    return f"{safe or 'drum score'}{chosen.ending}"
