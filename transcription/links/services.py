"""What a person asks of links."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import NotAllowed
from accounts.models import User
from media.core.links.link_text import parse_link
from media.errors import LinkNotCancellable, LinksOff, RightsNotConfirmed, TooManyLinks
from media.models import LinkImport
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.link_news import announce_link, announce_link_deleted
from transcription.links.asking import ask_for_link
from transcription.links.running import address_rules
from transcription.progress import next_seq
from transcription.services import check_can_be_run


@transaction.atomic
def request_link_import(*, owner: User, url: str, rights_confirmed: bool, options: JobOptions) -> LinkImport:
    """Have the song behind ``url`` fetched and transcribed.

    Asked for the same link again while it is being fetched, it answers with the import that is under way.

    Raises:
        LinksOff: this site fetches nothing.
        RightsNotConfirmed: nobody said that they may use the song.
        LinkInvalid, LinkSchemeNotAllowed, LinkAddressNotAllowed: the link is refused. More is found out
            later: no name is looked up and nothing is connected to here.
        UnknownModel, EngineUnavailable: what is to hear or to separate cannot be used here.
        TooManyLinks: the person has too many under way.
    """
    if not settings.LINK_IMPORTS:
        raise LinksOff
    if not rights_confirmed:
        raise RightsNotConfirmed
    link = parse_link(url, address_rules())
    check_can_be_run(Operation.TRANSCRIBE, options)
    User.objects.select_for_update().get(pk=owner.pk)  # one after the other, so that the count holds
    under_way = LinkImport.objects.filter(owner=owner, state__in=LinkImport.UNFINISHED)
    same = under_way.filter(url=link.url, options=options.as_dict()).first()
    if same is not None:
        return same
    if under_way.count() >= settings.LINK_IMPORTS_AT_ONCE:
        raise TooManyLinks(maximum=settings.LINK_IMPORTS_AT_ONCE)
    return ask_for_link(owner=owner, url=link.url, options=options)


@transaction.atomic
def cancel_link_import(*, link: LinkImport, by: User) -> LinkImport:
    """Stop an import, also in the middle of its fetch: its worker notices within a second.

    Raises:
        NotAllowed: it is somebody else's.
        LinkNotCancellable: it has ended.
    """
    _check_owner(link, by)
    cancelled = LinkImport.objects.filter(pk=link.pk, state__in=LinkImport.UNFINISHED).update(
        state=LinkImport.State.CANCELLED, finished_at=timezone.now(), seq=next_seq()
    )
    link.refresh_from_db()
    if not cancelled:
        raise LinkNotCancellable(state=link.state)
    transaction.on_commit(partial(announce_link, link))
    return link


@transaction.atomic
def delete_link_import(*, link: LinkImport, by: User) -> None:
    """Take an import out of the list, stopping it if it is under way; what it brought stays."""
    _check_owner(link, by)
    LinkImport.objects.filter(pk=link.pk).update(seq=next_seq())
    link.refresh_from_db()
    LinkImport.objects.filter(pk=link.pk).delete()
    transaction.on_commit(partial(announce_link_deleted, link))


def _check_owner(link: LinkImport, by: User) -> None:
    if link.owner_id != by.pk:
        raise NotAllowed
