"""Many songs from links at once: a batch whose songs have yet to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from accounts.models import User
from media.core.errors import TooManyFiles
from media.core.links.link_text import parse_link
from media.errors import BatchEmpty, LinksOff, RightsNotConfirmed
from media.models import LinkImport
from transcription.batches import refusal
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.links.asking import ask_for_link
from transcription.links.running import address_rules
from transcription.models import Batch
from transcription.progress import announce_batch, next_seq
from transcription.services import check_can_be_run

_LONGEST_TITLE = 200
_LONGEST_NAME = 255


@transaction.atomic
def create_batch_of_links(
    *,
    owner: User,
    urls: Sequence[str],
    rights_confirmed: bool,
    options: JobOptions,
    title: str = "",
    takes_playlists: bool = False,
) -> Batch:
    """Have the songs behind ``urls`` fetched, one after the other, and each transcribed.

    A link that is refused, now or when it is fetched, stops no other; the batch keeps it with the reason.

    Args:
        takes_playlists: a link to a playlist stands for its songs; else it is refused.
    Raises:
        LinksOff: this site fetches nothing.
        RightsNotConfirmed: nobody said that they may use the songs.
        UnknownModel, EngineUnavailable: what is to hear or to separate cannot be used here.
        TooManyFiles: more than ``BATCH_MAX_FILES`` of one person are waiting or asked for.
        BatchEmpty: there was no link, or none of several can be one; of a single one its own error is raised.
    """
    if not settings.LINK_IMPORTS:
        raise LinksOff
    if not rights_confirmed:
        raise RightsNotConfirmed
    check_can_be_run(Operation.TRANSCRIBE, options)
    User.objects.select_for_update().get(pk=owner.pk)  # one after the other, so that the count holds
    waiting = LinkImport.objects.filter(owner=owner, state__in=LinkImport.UNFINISHED).count()
    if waiting + len(urls) > settings.BATCH_MAX_FILES:
        raise TooManyFiles(maximum=settings.BATCH_MAX_FILES)
    good, refused, error = _parsed(urls)
    if not good:
        raise BatchEmpty(refused=refused) if len(refused) > 1 else error
    batch = Batch.objects.create(owner=owner, title=_title(title, good), refused=refused)
    Batch.objects.filter(pk=batch.pk).update(seq=next_seq())
    batch.refresh_from_db()
    for url in good:
        ask_for_link(
            owner=owner,
            url=url,
            options=replace(options, title=""),
            batch_id=batch.pk,
            takes_playlist=takes_playlists,
        )
    transaction.on_commit(partial(announce_batch, batch))
    return batch


def _parsed(urls: Sequence[str]) -> tuple[list[str], list[dict[str, str]], DrumError]:
    """Return the links that may be followed, each once; what is refused; and the last refusal."""
    good: dict[str, None] = {}
    refused: list[dict[str, str]] = []
    error: DrumError = BatchEmpty()
    for url in urls:
        try:
            good[parse_link(url, address_rules()).url] = None
        except DrumError as reason:
            error = reason
            refused.append(refusal(one_line(url)[:_LONGEST_NAME], error))
    return list(good), refused, error


def _title(given: str, urls: Sequence[str]) -> str:
    """Return the title that was given, or where the songs come from."""
    if one_line(given):
        return one_line(given)[:_LONGEST_TITLE]
    hosts = {urlsplit(url).hostname or "" for url in urls}
    songs = f"{len(urls)} links" if len(urls) > 1 else "A link"
    return f"{songs} from {hosts.pop()}"[:_LONGEST_TITLE] if len(hosts) == 1 else songs
