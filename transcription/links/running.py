"""One import from a link, done under its lease: fetched in a child process, stored, and its job queued."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.core.errors import DrumError
from media.artifacts import publish_artifact
from media.core.disk import no_room_is_storage_full
from media.core.links.addresses import AddressRules
from media.core.links.errors import LinkIsPlaylist
from media.core.links.limits import FetchLimits
from media.core.links.link_process import Fetched, LinkSong, fetch_link, list_link
from media.core.links.link_text import parse_link
from media.errors import LinksOff, StorageUnavailable
from media.models import LinkImport, Recording
from media.services import create_recording
from media.uploads import receive_path
from transcription.batches import refusal
from transcription.core.errors import InternalError
from transcription.core.options import JobOptions
from transcription.jobs.leases import LeaseLost, heartbeat, lease_holder
from transcription.link_news import announce_link, announce_link_deleted
from transcription.models import Batch
from transcription.progress import announce_batch, next_seq
from transcription.services import create_job

logger = logging.getLogger(__name__)

TICK_S = 0.5
RETRY_AFTER_S = 10.0
_TITLE_LENGTH = 200
_FETCHED_SHARE = 0.95  # of the whole; the rest is looking at the file and storing it


@dataclass(frozen=True, slots=True)
class NextFetch:
    """An import to be queued: another try of one that broke through our fault, or a song of a playlist."""

    link_id: UUID
    delay_s: float = 0.0


def address_rules() -> AddressRules:
    """Return where links may lead, as the settings say."""
    return AddressRules(tuple(settings.LINK_ALLOWED_PORTS), tuple(settings.LINK_ALLOWED_NETWORKS))


def fetch_limits() -> FetchLimits:
    """Return how much one link may cost, as the settings say."""
    return FetchLimits(
        maximum_mb=settings.UPLOAD_MAX_MB,
        maximum_s=settings.RECORDING_MAX_S,
        total_s=settings.LINK_TIME_LIMIT_S,
    )


def run_link_import(link_id: UUID | str) -> tuple[NextFetch, ...]:
    """Fetch the song of an import and queue its transcription; return what is to be fetched next.

    Safe to call twice, and again after a crash: only the holder of the lease works.
    """
    link = LinkImport.take(link_id, holder=lease_holder(), lease_s=settings.LEASE_S)
    if link is None:
        return ()  # delivered twice, cancelled while it waited, or someone else holds the lease
    try:
        if not settings.LINK_IMPORTS:
            raise LinksOff
        if link.attempt > settings.STAGE_ATTEMPTS:
            raise InternalError
        _note(link, progress=0.0)
        with heartbeat(link):
            return _work(link)
    except LeaseLost:
        logger.info("link_stopped", extra={"link": str(link.pk)})
    except StorageUnavailable as error:  # storage may be back in a moment
        return _try_again(link, error)
    except DrumError as error:  # the link's fault: a retry would fail again
        _fail(link, error)
    except Exception as error:
        return _try_again(link, error)
    return ()


def _work(link: LinkImport) -> tuple[NextFetch, ...]:
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with no_room_is_storage_full(), tempfile.TemporaryDirectory(prefix="fetched-", dir=folder) as scratch:
        try:
            song = fetch_link(
                link.url,
                Path(scratch),
                rules=address_rules(),
                limits=fetch_limits(),
                on_tick=lambda fetched: _note_fetched(link, fetched),
                tick_s=TICK_S,
            )
        except LinkIsPlaylist:
            if not link.takes_playlist:
                raise
            return _expand(link, Path(scratch))
        _note(
            link,
            progress=_FETCHED_SHARE,
            title=link.title or song.title,
            artist=link.artist or song.artist,
        )
        recording = _store(link, song)
    try:
        _finish(link, recording, song)
    except BaseException:
        _discard(recording)
        raise
    return ()


def _expand(link: LinkImport, scratch: Path) -> tuple[NextFetch, ...]:
    """Put an import for each song of a playlist in this one's place, in the same batch."""
    entries = list_link(
        link.url,
        scratch,
        rules=address_rules(),
        limits=fetch_limits(),
        on_tick=lambda fetched: _note(link),
        tick_s=TICK_S,
    )
    with transaction.atomic():
        if not link.release(state=LinkImport.State.CANCELLED, finished_at=timezone.now(), seq=next_seq()):
            raise LeaseLost
        songs = [
            LinkImport.objects.create(
                owner=link.owner,
                url=parse_link(entry.url, address_rules()).url,
                rights_confirmed_at=link.rights_confirmed_at,
                options=link.options,
                title=entry.title[:_TITLE_LENGTH],
                batch_id=link.batch_id,
            )
            for entry in entries[: settings.BATCH_MAX_FILES]
        ]
        LinkImport.objects.filter(pk=link.pk).delete()
    announce_link_deleted(link)
    _announce_batch(link)
    return tuple(NextFetch(song.pk) for song in songs)


def _store(link: LinkImport, song: LinkSong) -> Recording:
    options = JobOptions.parse(link.options)
    upload = receive_path(song.path)
    upload.name = song.name or "song"  # the scratch file's own name says nothing
    recording = create_recording(
        owner=link.owner,
        upload=upload,
        title=options.title or song.title or None,
        source=Recording.Source.LINK,
        source_url=_page_url(link, song),
        artist=options.artist or song.artist,
    )
    if song.cover is not None:
        try:
            publish_artifact(path=song.cover, kind="cover", stage="link", recording=recording)
        except BaseException:
            _discard(recording)
            raise
    return recording


def _finish(link: LinkImport, recording: Recording, song: LinkSong) -> None:
    """Queue the transcription and mark the import done, in one transaction.

    Raises:
        LeaseLost: it was cancelled, or another has taken it over.
    """
    with transaction.atomic():
        done = link.release(
            state=LinkImport.State.DONE,
            recording=recording,
            progress=1.0,
            page_url=_page_url(link, song),
            finished_at=timezone.now(),
            seq=next_seq(),
        )
        if not done:
            raise LeaseLost
        options = JobOptions.parse({**link.options, "artist": recording.artist})
        job = create_job(recording=recording, requested_by=link.owner, options=options, batch=_batch_of(link))
        LinkImport.objects.filter(pk=link.pk).update(job_id=job.pk)
    _announce(link)


def _discard(recording: Recording) -> None:
    """Leave a recording that nobody wants any more to the next purge."""
    now = timezone.now()
    Recording.objects.filter(pk=recording.pk).update(deleted_at=now, purge_after=now - timedelta(seconds=1))


def _fail(link: LinkImport, error: DrumError) -> None:
    failed = link.release(
        state=LinkImport.State.FAILED,
        failure_code=error.code,
        failure_message=str(error),
        failure_hint=error.hint,
        finished_at=timezone.now(),
        seq=next_seq(),
    )
    if failed:  # else it was cancelled meanwhile
        logger.info("link_failed", extra={"link": str(link.pk), "code": error.code})
        _announce(link)
        note_refused(link, error)


def note_refused(link: LinkImport, error: DrumError) -> None:
    """Tell the batch of an import, if it has one, that this song does not come, and why."""
    batch = _batch_of(link)
    if batch is None:
        return
    said = refusal(link.title or link.url, error)
    with transaction.atomic():
        held = Batch.objects.select_for_update().get(pk=batch.pk)
        Batch.objects.filter(pk=held.pk).update(refused=[*held.refused, said], seq=next_seq())
    _announce_batch(link)


def _batch_of(link: LinkImport) -> Batch | None:
    return Batch.objects.filter(pk=link.batch_id).first() if link.batch_id else None


def _announce_batch(link: LinkImport) -> None:
    batch = _batch_of(link)
    if batch is not None:
        announce_batch(batch)


def _try_again(link: LinkImport, error: Exception) -> tuple[NextFetch, ...]:
    logger.error("link_broke", extra={"link": str(link.pk), "attempt": link.attempt}, exc_info=error)
    if link.attempt >= settings.STAGE_ATTEMPTS:
        _fail(link, error if isinstance(error, DrumError) else InternalError())
        return ()
    if not link.release(state=LinkImport.State.PENDING, queued_at=timezone.now(), seq=next_seq()):
        return ()
    _announce(link)
    return (NextFetch(link.pk, RETRY_AFTER_S * link.attempt),)


def _note_fetched(link: LinkImport, fetched: Fetched) -> None:
    share = min(1.0, fetched.done / fetched.total) if fetched.total else 0.0
    _note(link, progress=share * _FETCHED_SHARE, bytes_done=fetched.done, bytes_total=fetched.total)


def _note(link: LinkImport, **changes: object) -> None:
    """Renew the lease, save and tell how far it is; raises ``LeaseLost`` when it is no longer ours."""
    if not link.beat(seq=next_seq(), **changes):
        raise LeaseLost
    _announce(link)


def _announce(link: LinkImport) -> None:
    now = LinkImport.objects.filter(pk=link.pk).first()
    if now is not None:  # else it was deleted this very moment
        announce_link(now)


def _page_url(link: LinkImport, song: LinkSong) -> str:
    """Return the page to name as the source: what a page says of itself is believed only if it is a link."""
    try:
        return parse_link(song.page_url, address_rules()).url
    except DrumError:
        return link.url
