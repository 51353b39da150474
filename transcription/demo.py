"""The demo account: somebody with a song and its score, so that a fresh site has something to show."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from accounts.services import register
from media.core.flac import write_flac
from media.models import Recording
from media.services import create_recording
from media.uploads import receive_path
from transcription.core.demo_song import ARTIST, TITLE, render_demo_song
from transcription.core.options import JobOptions
from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.jobs.recovery import recover_lost_stages
from transcription.jobs.running import run_stage
from transcription.jobs.steps import NextStep
from transcription.models import Job, StageRun
from transcription.processes import new_stage_process
from transcription.services import create_job, retry_job

EMAIL = "demo@drumsite.local"
# Known to everybody, so the account is never made on a production site.
PASSWORD = "sixteen-bars"
_POLL_S = 0.5
_PATIENCE_S = 600.0


def demo_user() -> User:
    """Return the owner of the demo song; open the account if there is none."""
    user = User.objects.filter(email=EMAIL).first()
    return user or register(
        email=EMAIL, password=PASSWORD, display_name="Demo drummer", email_is_verified=True
    )


def demo_job(user: User) -> Job | None:
    """Return the newest transcription of the demo song, whatever became of it."""
    jobs = Job.objects.filter(requested_by=user, recording__source=Recording.Source.DEMO)
    return jobs.order_by("-created_at").first()


def request_demo_job(user: User) -> Job:
    """Render the song, store it as a recording of ``user`` and queue its transcription."""
    song = render_demo_song()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{TITLE}.flac"
        write_flac(song.audio, path)
        recording = create_recording(
            owner=user, upload=receive_path(path), title=TITLE, source=Recording.Source.DEMO
        )
    return create_job(recording=recording, requested_by=user, options=JobOptions(title=TITLE, artist=ARTIST))


def run_here(job: Job, *, threads: int = 0, on_stage: Callable[[str], None] = lambda label: None) -> Job:
    """Run a job to its end in this process, as its workers would; one that failed is tried again.

    A worker elsewhere may have taken a stage already; then that is waited for.
    """
    if job.status in (Job.Status.FAILED, Job.Status.CANCELLED):
        job = retry_job(job=job, by=job.requested_by)
    process = new_stage_process(threads=threads)
    give_up_at = time.monotonic() + _PATIENCE_S
    try:
        while not job.is_finished and time.monotonic() < give_up_at:
            recover_lost_stages()  # an earlier attempt may have been killed in the middle of a stage
            step: NextStep | None = NextStep(job.pk, _next_stage(job))
            while step is not None:
                on_stage(SPEC_BY_STAGE[step.stage].label)
                step = run_stage(step.job_id, step.stage, process)
            job.refresh_from_db()
            if not job.is_finished:
                time.sleep(_POLL_S)
    finally:
        process.kill()
    return job


def _next_stage(job: Job) -> Stage:
    waiting = StageRun.objects.filter(job=job).exclude(status__in=StageRun.DONE).order_by("position")
    return Stage(waiting.values_list("stage", flat=True)[0])
