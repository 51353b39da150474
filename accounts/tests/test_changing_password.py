"""Changing one's password by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import PASSWORD
from accounts.tokens import issue_tokens

PASSWORD_URL, ME, REFRESH, LOGIN = (
    f"/api/v1/auth/{name}/" for name in ("password", "me", "refresh", "login")
)
NEW = "kashmir-in-eight-1975"

pytestmark = pytest.mark.django_db


def change(client: APIClient, current: str = PASSWORD, new: str = NEW) -> Any:
    return client.post(PASSWORD_URL, {"current_password": current, "new_password": new}, format="json")


@pytest.fixture
def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_tokens(user).access}")
    return client


def test_a_new_password_logs_in_and_the_old_one_no_longer(user: User, signed_in: APIClient) -> None:
    answer = change(signed_in)

    logins = [
        APIClient().post(LOGIN, {"email": user.email, "password": password}, format="json").status_code
        for password in (NEW, PASSWORD)
    ]
    assert (answer.status_code, logins) == (200, [200, 401])


def test_it_ends_every_token_but_those_that_it_returns(user: User, signed_in: APIClient) -> None:
    elsewhere = issue_tokens(user)

    pair = change(signed_in).json()

    assert signed_in.get(ME).status_code == 401
    assert APIClient().post(REFRESH, {"refresh": elsewhere.refresh}, format="json").status_code == 401
    signed_in.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert signed_in.get(ME).status_code == 200
    assert APIClient().post(REFRESH, {"refresh": pair["refresh"]}, format="json").status_code == 200


def test_it_ends_every_session_but_the_one_that_asks(user: User) -> None:
    here, elsewhere = Client(), Client()
    here.force_login(user)
    elsewhere.force_login(user)

    answer = here.post(
        PASSWORD_URL,
        {"current_password": PASSWORD, "new_password": NEW},
        content_type="application/json",
    )

    assert answer.status_code == 200
    assert (here.get(ME).status_code, elsewhere.get(ME).status_code) == (200, 401)


def test_a_wrong_password_changes_nothing(user: User, signed_in: APIClient) -> None:
    answer = change(signed_in, current="not it")

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")
    assert signed_in.get(ME).status_code == 200


def test_a_weak_one_is_refused_with_reasons(user: User, signed_in: APIClient) -> None:
    answer = change(signed_in, new="1234")

    assert (answer.status_code, answer.json()["code"]) == (400, "weak_password")
    assert len(answer.json()["details"]["reasons"]) >= 2
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_guessing_ends_after_a_few_attempts(settings: Any, signed_in: APIClient) -> None:
    settings.API_RATES = settings.API_RATES | {"auth": "2/min"}

    codes = [change(signed_in, current="not it").status_code for _ in range(3)]

    assert codes == [403, 403, 429]


def test_who_is_not_signed_in_changes_no_password() -> None:
    assert change(APIClient()).status_code == 401
