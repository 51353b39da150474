"""What a job made, several files at once."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from media.zips import Entry, zip_response
from transcription.errors import NotReady
from transcription.files import download_name, files_of, safe_title, sounds_of
from transcription.models import Job

# The names of archives in addresses: the sounds alone, or everything.
ARCHIVES = ("stems", "all")


def archive_response(request: Request | HttpRequest, job: Job, fmt: str) -> HttpResponseBase:
    """Send the sounds that a job made (``stems``), or everything (``all``), as one archive.

    Raises:
        NotReady: there is nothing yet.
        FileMissing: one of the files is gone.
    """
    chosen = sounds_of(job) if fmt == "stems" else files_of(job)
    if not chosen:
        raise NotReady(status=job.status)
    entries = [Entry(download_name(job, entry), artifact.file) for entry, artifact in chosen]
    return zip_response(request, entries, filename=f"{safe_title(job)}.zip")
