"""Notations are copied, deleted, restored, and in the end purged."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.services import close_account
from accounts.tests.factories import UserFactory
from media.tests.factories import RecordingFactory
from notation.editing import edit
from notation.errors import NotationMissing
from notation.models import HitSet, Notation, Revision
from notation.revisions import Change, check_base, write_revision
from notation.scores import score_of
from notation.services import delete_notation_of_job, purge_deleted_notations
from notation.tests.clients import NOTATIONS, api, instruments_of, read, send, to_crash
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db


def test_a_deleted_notation_is_gone_from_the_lists_and_comes_back():
    notation = NotationFactory()

    deleted = send(notation, "", {}, method="delete")
    gone, listed = read(notation), api(notation.owner).get(NOTATIONS, {"deleted": "true"}).json()["results"]
    restored = send(notation, "undelete/", {})

    assert (deleted.status_code, gone.status_code) == (204, 404)
    assert [row["id"] for row in listed] == [str(notation.pk)]
    assert (restored.status_code, restored.json()["deleted_at"]) == (200, None)
    assert read(notation).status_code == 200


def test_restoring_what_is_not_deleted_changes_nothing():
    notation = NotationFactory()
    (before,) = Notation.objects.filter(pk=notation.pk).values()

    answer = send(notation, "undelete/", {})

    (after,) = Notation.objects.filter(pk=notation.pk).values()
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    assert after == before
    assert notation.revisions.count() == 1


def test_a_change_of_what_was_deleted_meanwhile_is_not_found_rather_than_stale():
    notation = NotationFactory()
    commands = to_crash("h2")["commands"]
    Notation.objects.filter(pk=notation.pk).update(deleted_at=timezone.now())

    with pytest.raises(NotationMissing):
        edit(notation=notation, by=notation.owner, base_revision=1, commands=commands)
    with pytest.raises(NotationMissing):
        edit(notation=notation, by=notation.owner, base_revision=7, commands=commands)

    assert instruments_of(notation) == ["kick", "snare", "kick", "snare"]


def test_a_change_of_what_was_purged_meanwhile_is_not_found():
    notation = NotationFactory()
    score, change = score_of(notation), Change(Revision.Kind.EDITED, [])
    Notation.objects.filter(pk=notation.pk).delete()

    with pytest.raises(NotationMissing):
        write_revision(notation, base_revision=1, score=score, author=None, change=change)
    with pytest.raises(NotationMissing):
        check_base(notation, 7)


def test_a_moderator_deletes_and_restores_nothing():
    moderator = UserFactory(moderator=True)
    notation, deleted = NotationFactory(), NotationFactory(deleted_at=timezone.now())

    refusals = [
        send(notation, "", {}, by=moderator, method="delete"),
        send(deleted, "undelete/", {}, by=moderator),
        send(notation, "duplicate/", {}, by=moderator),
    ]

    assert [(refusal.status_code, refusal.json()["code"]) for refusal in refusals] == [
        (403, "permission_denied")
    ] * 3


def test_what_went_with_its_transcription_does_not_come_back_alone():
    notation = NotationFactory(recording=RecordingFactory(), job_id=uuid4())
    delete_notation_of_job(job_id=notation.job_id)

    refused = send(notation, "undelete/", {})

    assert (refused.status_code, refused.json()["code"]) == (410, "notation_deleted")
    assert api(notation.owner).get(NOTATIONS, {"deleted": "true"}).json()["results"] == []


def test_after_its_time_a_notation_cannot_be_restored_and_is_purged(settings):
    old = timezone.now() - timedelta(days=settings.RETENTION_DAYS + 1)
    notation, kept = NotationFactory(deleted_at=old), NotationFactory(deleted_at=timezone.now())

    refused = send(notation, "undelete/", {})
    purged = purge_deleted_notations()

    assert (refused.status_code, refused.json()["code"]) == (410, "notation_deleted")
    assert purged == 1
    assert list(Notation.objects.all()) == [kept]


def test_the_charts_of_a_closed_account_are_purged_at_once():
    notation, kept = NotationFactory(), NotationFactory()
    close_account(user=notation.owner)

    purge_deleted_notations()

    assert list(Notation.objects.all()) == [kept]


def test_a_copy_goes_its_own_way():
    notation = NotationFactory(kit_profile={"base": "berklee"})
    send(notation, "commands/", to_crash("h2"))

    made = send(notation, "duplicate/", {"title": "Rock, my way"})
    copy = Notation.objects.get(pk=made.json()["id"])
    send(copy, "commands/", to_crash("h4"))

    assert (made.status_code, copy.title, copy.score["title"]) == (201, "Rock, my way", "Rock, my way")
    assert copy.kit_profile == {"base": "berklee"}
    assert copy.revisions.get(number=1).summary == ["copied from “Rock”, revision 2"]
    assert instruments_of(copy) == ["kick", "crash", "kick", "crash"]
    assert instruments_of(notation) == ["kick", "crash", "kick", "snare"]


def test_a_copy_without_a_title_says_that_it_is_one():
    assert send(NotationFactory(), "duplicate/", {}).json()["title"] == "Rock (copy)"


def test_the_hits_that_a_copy_shares_outlive_the_original(settings):
    recording = RecordingFactory()
    hit_set = HitSet.objects.create(recording=recording, engine="crnn")
    notation = NotationFactory(owner=recording.owner, recording=recording, hit_set=hit_set)
    copy = Notation.objects.get(pk=send(notation, "duplicate/", {}).json()["id"])
    Notation.objects.filter(pk=notation.pk).update(
        deleted_at=timezone.now() - timedelta(days=settings.RETENTION_DAYS + 1)
    )

    purge_deleted_notations()

    copy.refresh_from_db()
    assert copy.hit_set == hit_set
