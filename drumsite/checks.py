"""Settings that contradict each other, found at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from notation.core.writers.exports import PdfBackend
from notation.core.writers.lilypond_pdf import lilypond_is_installed
from transcription.core.own_separators import BadSeparators, read_own_separators
from transcription.core.weights_store.store import OWN_ENGINE, is_local, is_sha256, is_source
from transcription.weights import weight_store


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


@register()
def models(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Weights that could come from nowhere."""
    found: list[CheckMessage] = []
    if settings.MODEL_MIRROR_URL and not is_source(settings.MODEL_MIRROR_URL):
        found.append(
            Error(
                "MODEL_MIRROR_URL is no address of a mirror.",
                hint="It begins with https://, http://, s3:// or file:///.",
                id="drumsite.E005",
            )
        )
    if settings.MODEL_URI and not is_local(settings.MODEL_URI) and not is_source(settings.MODEL_URI):
        found.append(
            Error(
                "MODEL_URI is no address of a network.",
                hint="Give a path, or an address that begins with https://, http://, s3:// or file:///.",
                id="drumsite.E006",
            )
        )
    if settings.MODEL_URI_SHA256 and not (settings.MODEL_URI and is_sha256(settings.MODEL_URI_SHA256)):
        found.append(
            Error(
                "MODEL_URI_SHA256 is not 64 hexadecimal digits, or there is no MODEL_URI that it is of.",
                hint="Set both: sha256sum tells the digits.",
                id="drumsite.E007",
            )
        )
    try:
        read_own_separators(settings.OWN_SEPARATORS)
    except BadSeparators as error:
        hint = "Write NAME=URI#sha256=DIGITS, several separated by spaces."
        found.append(Error(f"OWN_SEPARATORS: {error}.", hint=hint, id="drumsite.E008"))
    return found or _weights_out_of_reach()


def _weights_out_of_reach() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.MODEL_MIRROR_URL and not settings.MODEL_FETCH:
        found.append(
            Warning(
                "MODEL_MIRROR_URL is never asked, for MODEL_FETCH is off.",
                hint="Set MODEL_FETCH=1, or leave MODEL_MIRROR_URL out.",
                id="drumsite.W003",
            )
        )
    store = weight_store()
    gone = [
        file
        for file in (store.engine(OWN_ENGINE).files if store.own_uri else ())
        if not store.place_of(file).is_file() and (not file.is_fetched or not store.may_fetch)
    ]
    if gone:
        found.append(
            Warning(
                "The network that MODEL_URI names is not there.",
                hint="Check the path; an address is fetched only with MODEL_FETCH=1.",
                id="drumsite.W004",
            )
        )
    return found
