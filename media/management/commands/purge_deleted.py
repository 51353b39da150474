"""``manage.py purge_deleted``: what the periodic sweep does, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from media.orphans import remove_orphans
from media.services import purge_deleted


class Command(BaseCommand):
    """Really deletes what was deleted long enough ago."""

    help = "Really delete recordings that can no longer be restored, and what crashed processes left behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the option."""
        parser.add_argument(
            "--orphans",
            action="store_true",
            help="Also remove stored files that nothing refers to; reads them all.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge and say what went."""
        purged = purge_deleted()
        self.stdout.write(
            f"Purged {purged.recordings} recordings ({purged.files} files, {purged.bytes / 1e6:.1f} MB), "
            f"{purged.stale_files} stale files, {purged.idempotency_keys} old idempotency keys."
        )
        if options["orphans"]:
            self.stdout.write(f"Removed {remove_orphans(now=timezone.now())} files that nothing referred to.")
