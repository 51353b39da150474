"""``manage.py seed_demo``: an account with a finished score, for a first look at the site."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.core.errors import DrumError
from transcription.demo import EMAIL, PASSWORD, demo_job, demo_user, request_demo_job, run_here
from transcription.models import Job


class Command(BaseCommand):
    """Makes the demo account, its song and its score; what is there already stays."""

    help = "Make a demo account with a transcribed song. Refused on a production site: its password is known."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--again", action="store_true", help="transcribe the song once more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is not done yet."""
        if settings.PRODUCTION:
            raise CommandError("A production site gets no demo account: its password is known to everybody.")
        user = demo_user()
        try:
            job = demo_job(user)
            if job is None or options["again"]:
                self.stdout.write("Making the demo song and its score; this takes some seconds.")
                job = request_demo_job(user)
            if not _is_settled(job):
                job = run_here(job, threads=settings.WORKER_THREADS, on_stage=self._say_stage)
        except DrumError as error:
            raise CommandError(f"The demo song could not be transcribed: {error} {error.hint}") from error
        except KeyboardInterrupt:
            sys.exit(130)
        if job.status != Job.Status.COMPLETED and not _is_settled(job):
            raise CommandError(
                f"The demo song could not be transcribed: {job.failure_message or job.status} "
                f"{job.failure_hint}".strip()
            )
        password = PASSWORD if user.check_password(PASSWORD) else "(the one you gave it)"
        self.stdout.write(f"Demo account: {EMAIL}, password: {password}")

    def _say_stage(self, label: str) -> None:
        self.stdout.write(f"  {label}")


def _is_settled(job: Job) -> bool:
    """Whether there is nothing to do: it is finished, or somebody has deleted it and wants it no more."""
    deleted = job.deleted_at is not None or job.recording.deleted_at is not None
    return deleted or job.status == Job.Status.COMPLETED
