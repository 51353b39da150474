"""Answers that the pages and the API share: everything that came of a batch, as one archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from media.models import Artifact
from media.zips import Entry, Note, streamed_zip
from transcription.errors import BatchNotReady
from transcription.files import DownloadFormat, download_name, safe_name, safe_title, takeaway_of
from transcription.models import Batch, Job
from transcription.progress import describe_jobs
from transcription.selectors import jobs_of_batch

_LONGEST_FOLDER = 80  # the file in it has the title again, and Windows takes 260 characters in all
_Made = list[tuple[DownloadFormat, Artifact]]


def batch_archive(request: Request | HttpRequest, batch: Batch) -> HttpResponseBase:
    """Send a folder for each finished song, and what became of the others.

    A file that is lost is named in the report instead of stopping the rest.

    Raises:
        BatchNotReady: no song is finished.
    """
    jobs = list(jobs_of_batch(batch))
    finished = [job for job in jobs if job.status == Job.Status.COMPLETED]
    if not finished:
        raise BatchNotReady
    songs = [_song(summary) for summary in describe_jobs(jobs)]
    entries = _entries(batch, list(zip(jobs, songs, strict=True)), takeaway_of(finished))
    return streamed_zip(request, entries, filename=f"{safe_name(batch.title)}.zip")


def _song(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the report says of a song before its files are known."""
    kept = ("id", "title", "operation", "status", "failure", "warnings", "finished_at")
    return {name: summary[name] for name in kept} | {"folder": None, "files": [], "missing": []}


def _entries(
    batch: Batch, songs: list[tuple[Job, dict[str, Any]]], made: dict[Any, _Made]
) -> Iterator[Entry | Note]:
    """Yield the files song by song, then the reports, which by then know what was there."""
    taken: set[str] = set()
    for job, song in songs:
        if job.pk not in made:
            continue
        folder = song["folder"] = _unused(safe_title(job)[:_LONGEST_FOLDER].strip(" ."), taken)
        for chosen, artifact in made[job.pk]:
            name = download_name(job, chosen, longest=_LONGEST_FOLDER)
            entry = Entry(f"{folder}/{name}", artifact.file)
            if entry.is_there:
                yield entry
            song["files" if entry.is_there else "missing"].append(name)
    told = [song for _, song in songs]
    results = {
        "schema": "drumsite.batch/1", "id": str(batch.pk), "title": batch.title, "songs": told,
        "refused": batch.refused,
    }  # fmt: skip
    yield Note("results.json", json.dumps(results, ensure_ascii=False, indent=1))
    yield Note("report.txt", _report(batch, told))


def _unused(name: str, taken: set[str]) -> str:
    """Return ``name``, with a number where another song has it; many systems take A and a for the same."""
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{name} ({number})", number + 1
    taken.add(candidate.casefold())
    return candidate


def _report(batch: Batch, songs: list[dict[str, Any]]) -> str:
    """Return what results.json says, for people."""
    lines = [batch.title, ""]
    lines += [_line(song) for song in songs]
    if batch.refused:
        lines += ["", "Not taken:"]
        lines += [f"{entry['name']}: {_why(entry)}" for entry in batch.refused]
    lines += [
        "",
        "Scores are as they were first written. What was changed on their pages is in each score's own",
        "downloads.",
    ]
    return "\r\n".join(lines) + "\r\n"


def _line(song: dict[str, Any]) -> str:
    if song["folder"]:
        lost = f"; lost: {', '.join(song['missing'])}" if song["missing"] else ""
        return f"{song['title']}: in the folder “{song['folder']}”{lost}"
    if song["failure"]:
        return f"{song['title']}: failed. {_why(song['failure'])}"
    return f"{song['title']}: {'stopped' if song['status'] == 'cancelled' else 'not finished yet'}"


def _why(refusal: dict[str, str]) -> str:
    return " ".join(filter(None, (refusal["message"], refusal["hint"], f"({refusal['code']})")))
