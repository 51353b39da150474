from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from media.core.errors import FileTooLarge
from notation.charts import chart_import
from notation.core.score import score_from_json
from notation.core.writers.exports import ExportFormat
from notation.core.writers.lilypond_pdf import lilypond_is_installed
from notation.core.writers.musicxml import write_musicxml
from notation.models import Notation
from notation.tests.clients import read
from notation.tests.factories import NotationFactory, one_bar_of_rock

pytestmark = pytest.mark.django_db


def test_the_page_lists_ones_own_charts_and_not_those_that_jobs_wrote(client):
    chart = NotationFactory(title="Entered by hand")
    NotationFactory(owner=chart.owner, title="Heard by a job", job_id=uuid4())
    NotationFactory(title="Somebody else's")
    client.force_login(chart.owner)

    page = client.get("/charts/").content.decode()

    assert "Entered by hand" in page
    assert "Heard by a job" not in page
    assert "Somebody else" not in page


def test_an_imported_chart_opens_and_what_was_lost_is_told(client):
    client.force_login(UserFactory())
    xml = write_musicxml(score_from_json(one_bar_of_rock())).decode()
    wedge = '<direction><direction-type><wedge type="crescendo"/></direction-type></direction></measure>'
    file = SimpleUploadedFile("rock.musicxml", xml.replace("</measure>", wedge, 1).encode())

    sent = client.post("/charts/import/", {"file": file}, follow=True)

    notation = Notation.objects.get()
    assert sent.redirect_chain[-1][0] == f"/scores/{notation.pk}/"
    assert [str(message) for message in sent.context["messages"]]
    assert 'id="bar-1"' in sent.content.decode()


@pytest.mark.parametrize("content", [b"no chart at all", b"{}"])
def test_a_file_that_is_no_chart_is_refused_on_the_page(client, content):
    client.force_login(UserFactory())

    refused = client.post("/charts/import/", {"file": SimpleUploadedFile("x.json", content)})

    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert not Notation.objects.exists()


def test_a_file_beyond_the_limit_is_refused_on_the_page(client, settings):
    settings.SCORE_FILE_MAX_MB = 1
    client.force_login(UserFactory())
    file = SimpleUploadedFile("x.json", json.dumps(one_bar_of_rock()).encode() + b" " * 1_100_000)

    refused = client.post("/charts/import/", {"file": file})

    assert refused.status_code == 400
    assert "larger than the 1 MB" in refused.content.decode()


def test_a_form_that_no_chart_fills_is_refused_before_anything_reads_it(rf, settings):
    settings.SCORE_FILE_MAX_MB = 1
    length = {"CONTENT_LENGTH": str(3 << 20)}
    request = rf.post("/charts/import/", b"", content_type="multipart/form-data; boundary=x", **length)

    with pytest.raises(FileTooLarge):
        chart_import(request)

    assert chart_import.csrf_exempt  # the middleware's check would have read it
    assert not hasattr(request, "_post")


def test_an_import_without_its_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    file = SimpleUploadedFile("rock.json", json.dumps(one_bar_of_rock()).encode())

    refused = client.post("/charts/import/", {"file": file})

    assert refused.status_code == 403
    assert not Notation.objects.exists()


def test_files_from_pages_count_together_with_those_of_the_api(client, settings):
    settings.API_RATES = settings.API_RATES | {"writing": "3/min"}
    chart = NotationFactory()
    client.force_login(chart.owner)
    file = json.dumps(one_bar_of_rock()).encode()

    answers = [
        read(chart, "export/tab/"),
        client.get(f"/scores/{chart.pk}/download/tab/"),
        client.post("/charts/import/", {"file": SimpleUploadedFile("rock.json", file)}),
        client.get(f"/scores/{chart.pk}/download/tab/"),
        client.post("/charts/import/", {"file": SimpleUploadedFile("rock.json", file)}),
        read(chart, "export/tab/"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 302, 429, 429, 429]
    assert "Too many files" in answers[3].content.decode()


def test_a_chart_is_copied_deleted_and_restored_from_the_page(client):
    chart = NotationFactory(title="Entered by hand")
    client.force_login(chart.owner)

    copied = client.post(f"/scores/{chart.pk}/copy/")
    client.post(f"/scores/{chart.pk}/delete/")
    listed = client.get("/charts/").content.decode()
    restored = client.post(f"/scores/{chart.pk}/restore/")

    copy = Notation.objects.get(title="Entered by hand (copy)")
    assert copied.url == f"/scores/{copy.pk}/"
    assert f"/scores/{chart.pk}/restore/" in listed
    assert restored.url == f"/scores/{chart.pk}/"
    chart.refresh_from_db()
    assert chart.deleted_at is None


@pytest.mark.parametrize("what", ["copy", "delete", "restore"])
def test_somebody_elses_chart_is_not_found(client, what):
    chart = NotationFactory(deleted_at=timezone.now() if what == "restore" else None)
    client.force_login(UserFactory())

    assert client.post(f"/scores/{chart.pk}/{what}/").status_code == 404


def test_the_page_needs_a_sign_in(client):
    assert client.get("/charts/").status_code == 302


def test_the_score_page_offers_every_format_and_each_comes(client, settings):
    chart = NotationFactory()
    client.force_login(chart.owner)
    every = set(ExportFormat) if lilypond_is_installed() else set(ExportFormat) - {ExportFormat.LILYPOND_PDF}
    pdfs = {ExportFormat.PDF, ExportFormat.GIG_CHART, ExportFormat.LILYPOND_PDF}

    offered = client.get(f"/scores/{chart.pk}/").context["downloads"]
    answers = {download["label"]: client.get(download["url"]) for download in offered}
    settings.PDF_BACKEND = "none"
    without = client.get(f"/scores/{chart.pk}/").context["downloads"]

    assert {download["fmt"] for download in offered} == every
    assert {label: answer.status_code for label, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert len({answer.content for answer in answers.values()}) >= len(every)
    assert {download["fmt"] for download in without} == every - pdfs
