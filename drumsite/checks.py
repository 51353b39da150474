"""Settings that contradict each other, found at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from notation.core.writers.exports import PdfBackend
from notation.core.writers.lilypond_pdf import lilypond_is_installed


@register(Tags.security, deploy=True)
def production_services(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Production with several processes needs services that they share."""
    found: list[CheckMessage] = []
    if settings.EMBEDDED_WORKER and settings.REDIS_URL:
        found.append(
            Warning(
                "EMBEDDED_WORKER is on although REDIS_URL is set.",
                hint="Run `manage.py work` in processes of their own and set EMBEDDED_WORKER=0.",
                id="drumsite.W001",
            )
        )
    if settings.PRODUCTION and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Warning("Production runs on SQLite.", hint="Set DATABASE_URL to PostgreSQL.", id="drumsite.W002")
        )
    return found


@register()
def somebody_works(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A queue in the memory of a process that does not work: songs would wait for ever."""
    if settings.EMBEDDED_WORKER or settings.REDIS_URL:
        return []
    return [
        Error(
            "EMBEDDED_WORKER is off and there is no REDIS_URL: nobody would ever work on a song.",
            hint="Set REDIS_URL and run `manage.py work`, or leave EMBEDDED_WORKER out.",
            id="drumsite.E002",
        )
    ]


@register()
def upload_limits(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Limits that would refuse every recording."""
    smallest = min(settings.UPLOAD_MAX_MB, settings.BATCH_MAX_MB, settings.BATCH_MAX_FILES)
    if settings.RECORDING_MIN_S >= settings.RECORDING_MAX_S or smallest < 1:
        return [
            Error(
                "The limits for recordings refuse everything.",
                hint="RECORDING_MIN_S must be less than RECORDING_MAX_S; UPLOAD_MAX_MB, BATCH_MAX_MB and "
                "BATCH_MAX_FILES must be at least 1.",
                id="drumsite.E001",
            )
        ]
    return []


@register()
def pdf_backend(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An engraver of PDFs that there is not."""
    if settings.PDF_BACKEND not in list(PdfBackend):
        return [
            Error(
                f"PDF_BACKEND is {settings.PDF_BACKEND!r}.",
                hint=f"Choose one of {', '.join(PdfBackend)}.",
                id="drumsite.E003",
            )
        ]
    if settings.PDF_BACKEND == PdfBackend.LILYPOND and not lilypond_is_installed():
        return [
            Error(
                "PDF_BACKEND is lilypond, and LilyPond is not installed.",
                hint="Run `pip install -r requirements/lilypond.txt`, or leave PDF_BACKEND out.",
                id="drumsite.E004",
            )
        ]
    return []
