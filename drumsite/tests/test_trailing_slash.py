"""A trailing slash may be left out anywhere in the API: nobody remembers which way an API has it."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import Client
from django.urls import resolve

from accounts.models import User

UUID = "0f0b6a52-6f8b-4f35-9d5e-3c2f5d0f5b1e"
PATHS = [
    "jobs",
    f"jobs/{UUID}",
    *(f"jobs/{UUID}/{action}" for action in ("cancel", "retry", "events", "result", "download/pdf")),
    "notations",
    f"notations/{UUID}",
    "recordings",
    *(f"recordings/{name}" for name in ("formats", "stats")),
    f"recordings/{UUID}",
    *(f"recordings/{UUID}/{action}" for action in ("analysis", "audio", "peaks", "restore")),
    *(f"auth/{action}" for action in ("register", "login", "refresh", "logout", "password", "me")),
    "admin/stats",
    "engines",
    "health",
    "ready",
]


@pytest.mark.parametrize("path", PATHS)
def test_an_address_leads_to_one_view_with_and_without_it(path: str) -> None:
    without, with_ = resolve(f"/api/v1/{path}"), resolve(f"/api/v1/{path}/")

    assert (without.func, without.kwargs) == (with_.func, with_.kwargs)


@pytest.mark.parametrize("path", ["jobs//", f"jobs/{UUID}//", "jobsx", f"notations/{UUID}x"])
def test_an_address_that_only_begins_alike_leads_nowhere(path: str) -> None:
    with pytest.raises(Http404):
        resolve(f"/api/v1/{path}")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["jobs", "notations", "recordings"])
def test_a_list_answers_with_and_without_it(client: Client, user: User, path: str) -> None:
    client.force_login(user)

    assert client.get(f"/api/v1/{path}").json() == client.get(f"/api/v1/{path}/").json()
