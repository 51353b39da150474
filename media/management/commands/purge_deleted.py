"""``manage.py purge_deleted``: what the periodic sweep does, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from media.services import purge_deleted


class Command(BaseCommand):
    """Really deletes what was deleted long enough ago."""

    help = "Really delete recordings that can no longer be restored, and what crashed processes left behind."

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge and say what went."""
        purged = purge_deleted()
        self.stdout.write(
            f"Purged {purged.recordings} recordings ({purged.files} files, {purged.bytes / 1e6:.1f} MB), "
            f"{purged.stale_files} stale files, {purged.idempotency_keys} old idempotency keys."
        )
