from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.errors import NotAllowed
from media.core.links.errors import LinkAddressNotAllowed, LinkInvalid, LinkSchemeNotAllowed
from media.errors import LinkNotCancellable, LinksOff, RightsNotConfirmed, TooManyLinks
from media.models import LinkImport
from transcription.core.errors import EngineUnavailable
from transcription.core.options import JobOptions
from transcription.links.services import cancel_link_import, delete_link_import, request_link_import
from transcription.tests.factories import LinkImportFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://music.example/waltz.mp3"


def ask(owner, url=URL, *, rights_confirmed=True, **options):
    return request_link_import(
        owner=owner, url=url, rights_confirmed=rights_confirmed, options=JobOptions.parse(options)
    )


def test_a_link_is_kept_with_its_options_and_when_the_rights_were_confirmed(user):
    link = ask(user, "HTTPS://Music.Example/waltz.mp3#t=3", meter="3/4")

    link.refresh_from_db()
    assert (link.url, link.state, link.options["meter"]) == (URL, "pending", "3/4")
    assert link.rights_confirmed_at is not None
    assert link.queued_at is not None


def test_nothing_is_fetched_without_the_rights(user):
    with pytest.raises(RightsNotConfirmed):
        ask(user, rights_confirmed=False)
    assert not LinkImport.objects.exists()


def test_nothing_is_fetched_for_what_this_site_cannot_do(user, settings, tmp_path):
    settings.MODEL_DIR, settings.MODEL_FETCH = tmp_path, False

    with pytest.raises(EngineUnavailable):
        ask(user, separation="always")
    assert not LinkImport.objects.exists()


def test_nothing_is_fetched_where_links_are_switched_off(user, settings):
    settings.LINK_IMPORTS = False

    with pytest.raises(LinksOff):
        ask(user)


def test_nothing_is_fetched_for_an_engine_that_is_not_here(user, settings, tmp_path):
    settings.MODEL_FETCH, settings.MODEL_DIR = False, tmp_path

    with pytest.raises(EngineUnavailable):
        ask(user, separation="always")
    assert not LinkImport.objects.exists()


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("waltz", LinkInvalid),
        ("file:///etc/passwd", LinkSchemeNotAllowed),
        ("http://169.254.169.254/latest/", LinkAddressNotAllowed),
        ("http://localhost:8000/", LinkAddressNotAllowed),
    ],
)
def test_a_link_that_leads_nowhere_good_is_refused_at_once(user, url, refusal):
    with pytest.raises(refusal):
        ask(user, url)
    assert not LinkImport.objects.exists()


def test_the_same_link_is_not_fetched_twice_at_the_same_time(user):
    first = ask(user)

    assert ask(user).pk == first.pk
    assert ask(user, meter="3/4").pk != first.pk
    cancel_link_import(link=first, by=user)
    assert ask(user).pk != first.pk


def test_a_person_has_only_so_many_links_under_way(user, settings):
    settings.LINK_IMPORTS_AT_ONCE = 1
    LinkImportFactory(owner=user, state=LinkImport.State.FAILED)
    LinkImportFactory()
    ask(user)

    with pytest.raises(TooManyLinks):
        ask(user, "https://music.example/other.mp3")


def test_an_import_is_stopped_once(user):
    link = cancel_link_import(link=ask(user), by=user)

    assert link.state == LinkImport.State.CANCELLED
    with pytest.raises(LinkNotCancellable):
        cancel_link_import(link=link, by=user)


def test_only_its_owner_stops_or_deletes_an_import(moderator):
    link = LinkImportFactory()

    for act in (cancel_link_import, delete_link_import):
        with pytest.raises(NotAllowed):
            act(link=link, by=moderator)


def test_the_api_takes_a_link_and_says_where_to_look(api, user):
    answer = api(user).post("/api/v1/links/", {"url": URL, "rights_confirmed": True}, format="json")

    assert answer.status_code == 202
    assert (answer.data["state"], answer.data["url"], answer.data["failure"]) == ("pending", URL, None)
    assert api(user).get(answer.headers["Location"]).data["id"] == answer.data["id"]


def test_the_api_does_not_do_twice_what_was_sent_twice(api, user):
    sent = {"url": URL, "rights_confirmed": True, "options": {"grid": "16"}}
    first, second = (
        api(user).post("/api/v1/links/", sent, format="json", headers={"Idempotency-Key": "one"})
        for _ in range(2)
    )

    assert first.data["id"] == second.data["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert LinkImport.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"url": URL}, "rights_not_confirmed"),
        ({"url": URL, "rights_confirmed": False}, "rights_not_confirmed"),
        ({"rights_confirmed": True}, "invalid_input"),
        ({"url": "x" * 3000, "rights_confirmed": True}, "invalid_input"),
        ({"url": "ftp://a.test/b", "rights_confirmed": True}, "link_scheme_not_allowed"),
        ({"url": "http://10.0.0.1/b", "rights_confirmed": True}, "link_address_not_allowed"),
        ({"url": "http://a@b.test/c", "rights_confirmed": True}, "link_invalid"),
        ({"url": URL, "rights_confirmed": True, "options": {"meter": "5/5"}}, "invalid_option"),
        ({"url": URL, "rights_confirmed": True, "options": ["meter"]}, "invalid_input"),
        ({"url": URL, "rights_confirmed": True, "cookies": "a=b"}, "unknown_option"),
        ([URL], "invalid_input"),
    ],
)
def test_the_api_refuses_with_a_code(api, user, sent, code):
    answer = api(user).post("/api/v1/links/", sent, format="json")

    assert (answer.status_code, answer.data["code"]) == (400, code)
    assert not LinkImport.objects.exists()


def test_the_api_lists_stops_and_deletes_ones_own_imports(api, user):
    link = LinkImportFactory(owner=user)
    LinkImportFactory()
    client = api(user)

    assert [one["id"] for one in client.get("/api/v1/links/").data["results"]] == [str(link.pk)]
    assert client.post(f"/api/v1/links/{link.pk}/cancel/").data["state"] == "cancelled"
    assert client.post(f"/api/v1/links/{link.pk}/cancel/").status_code == 409
    assert client.delete(f"/api/v1/links/{link.pk}/").status_code == 204
    assert client.get(f"/api/v1/links/{link.pk}/").status_code == 404


def test_other_peoples_imports_are_not_there(api, user, moderator):
    link = LinkImportFactory()

    for person in (user, moderator):
        client = api(person)
        assert client.get(f"/api/v1/links/{link.pk}/").status_code == 404
        assert client.post(f"/api/v1/links/{link.pk}/cancel/").status_code == 404
        assert client.delete(f"/api/v1/links/{link.pk}/").status_code == 404


def test_a_form_asks_for_a_link_and_the_dashboard_shows_it(client, user):
    client.force_login(user)

    sent = {"url": URL, "rights_confirmed": "on", "meter": "3/4"}
    answer = client.post(reverse("link_import"), sent, follow=True)

    assert answer.status_code == 200
    assert URL in answer.content.decode()
    link = LinkImport.objects.get(owner=user)
    assert (link.state, link.options["meter"]) == (LinkImport.State.PENDING, "3/4")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": URL}, "Confirm that you may use this song."),
        ({"url": "waltz", "rights_confirmed": "on"}, "This is not a link that can be opened."),
        ({"url": URL, "rights_confirmed": "on", "tempo_bpm": "fast"}, "The value of “tempo_bpm”"),
        ({"rights_confirmed": "on"}, "This is not a link that can be opened."),
    ],
)
def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(client, user, fields, words):
    client.force_login(user)

    answer = client.post(reverse("link_import"), fields)

    text = answer.content.decode()
    assert answer.status_code == 400
    assert words in text
    assert fields.get("url", "") in text
    assert 'type="file"' in text


def test_a_failed_import_says_why_until_it_is_dismissed(client, user):
    client.force_login(user)
    link = ask(user)
    LinkImport.objects.filter(pk=link.pk).update(
        state="failed",
        failure_message="It is private.",
        finished_at=link.created_at,
        failure_code="link_private",
    )
    assert "It is private." in client.get("/dashboard/").content.decode()

    client.post(reverse("link_delete", args=[link.pk]))

    assert "It is private." not in client.get("/dashboard/").content.decode()


def test_an_import_is_stopped_by_its_button(client, user):
    client.force_login(user)
    link = ask(user)

    assert client.post(reverse("link_cancel", args=[link.pk])).status_code == 302
    link.refresh_from_db()
    assert link.state == LinkImport.State.CANCELLED
    assert client.post(reverse("link_cancel", args=[uuid4()])).status_code == 404


def test_where_links_are_switched_off_the_page_has_no_field_for_them(client, user, settings):
    client.force_login(user)
    assert reverse("link_import") in client.get("/dashboard/").content.decode()

    settings.LINK_IMPORTS = False

    assert reverse("link_import") not in client.get("/dashboard/").content.decode()


def test_a_moderator_sees_who_had_what_fetched_and_that_the_rights_were_confirmed(client, moderator):
    client.force_login(moderator)
    link = LinkImportFactory()

    shown = client.get("/admin/media/linkimport/", {"q": link.owner.email}).content.decode()

    assert link.url in shown
    assert client.get(f"/admin/media/linkimport/{link.pk}/change/").status_code == 200
