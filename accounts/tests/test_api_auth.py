from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.authentication import user_from_access_token
from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tokens import issue_tokens

pytestmark = pytest.mark.django_db
REGISTER, LOGIN, REFRESH, LOGOUT, ME = (
    f"accounts_api:{name}" for name in ("register", "login", "refresh", "logout", "me")
)


def post(api, name, **data):
    return api.post(reverse(name), data, format="json")


def me(api, token):
    return api.get(reverse(ME), headers={"Authorization": f"Bearer {token}"})


def assert_refused(response, status, code):
    assert response.status_code == status
    assert response.json()["code"] == code
    assert set(response.json()) == {"code", "message", "details"}
    assert response.json()["message"]


def test_registering_gives_tokens_that_work(api, password, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = post(api, REGISTER, email="Bonham@Example.org", password=password, display_name="John")

    assert response.status_code == 201
    assert response.json()["user"]["email"] == "bonham@example.org"
    assert response.json()["user"]["roles"] == ["user"]
    assert "password" not in response.json()["user"]
    assert me(api, response.json()["access"]).json()["display_name"] == "John"
    assert mail.outbox[0].to == ["bonham@example.org"]


def test_registering_gives_no_tokens_where_the_address_must_be_confirmed(api, password, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    response = post(api, REGISTER, email="bonham@example.org", password=password)

    assert response.status_code == 201
    assert response.json()["access"] is None
    assert_refused(post(api, LOGIN, email="bonham@example.org", password=password), 403, "email_not_verified")


def test_a_taken_address_is_refused(api, password):
    UserFactory(email="bonham@example.org")

    assert_refused(post(api, REGISTER, email="BONHAM@example.org", password=password), 409, "email_taken")


def test_a_weak_password_is_refused_with_reasons(api):
    response = post(api, REGISTER, email="bonham@example.org", password="1234")

    assert_refused(response, 400, "weak_password")
    assert len(response.json()["details"]["reasons"]) >= 2


@pytest.mark.parametrize("data", [{}, {"email": "bonham", "password": "x"}, {"email": "a@example.org"}])
def test_a_form_with_a_mistake_is_refused(api, data):
    assert_refused(post(api, REGISTER, **data), 400, "invalid_input")


def test_logging_in_gives_tokens(api, user, password):
    response = post(api, LOGIN, email=user.email.upper(), password=password)

    assert response.status_code == 200
    assert response.json()["user"]["id"] == str(user.pk)
    assert me(api, response.json()["access"]).status_code == 200
    user.refresh_from_db()
    assert user.last_login is not None


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_trailing_slash_may_be_left_out(api, user, password, slash):
    url = reverse(LOGIN).rstrip("/") + slash

    assert api.post(url, {"email": user.email, "password": password}, format="json").status_code == 200


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(api, user, password):
    wrong = post(api, LOGIN, email=user.email, password="not it")
    unknown = post(api, LOGIN, email="nobody@example.org", password=password)

    assert_refused(wrong, 401, "invalid_credentials")
    assert wrong.json() == unknown.json()


def test_a_disabled_account_is_refused(api, password):
    user = UserFactory(is_active=False)

    assert_refused(post(api, LOGIN, email=user.email, password=password), 403, "account_disabled")
    assert_refused(post(api, LOGIN, email=user.email, password="not it"), 401, "invalid_credentials")


def test_guessing_passwords_ends_after_a_few_attempts(api, user, password):
    for _ in range(5):
        assert_refused(post(api, LOGIN, email=user.email, password="not it"), 401, "invalid_credentials")

    assert_refused(post(api, LOGIN, email=user.email, password=password), 429, "too_many_attempts")


def test_logging_in_works_with_a_stale_token_in_the_header(api, user, password):
    api.credentials(HTTP_AUTHORIZATION="Bearer rubbish")

    assert post(api, LOGIN, email=user.email, password=password).status_code == 200


def test_refreshing_gives_a_new_pair_and_uses_up_the_old_token(api, user):
    old = issue_tokens(user)

    response = post(api, REFRESH, refresh=old.refresh)

    assert response.status_code == 200
    assert response.json()["refresh"] != old.refresh
    assert me(api, response.json()["access"]).status_code == 200
    assert_refused(post(api, REFRESH, refresh=old.refresh), 401, "token_invalid")
    assert post(api, REFRESH, refresh=response.json()["refresh"]).status_code == 200


def test_logging_out_takes_the_refresh_token_out_of_use(api, user):
    pair = issue_tokens(user)

    assert post(api, LOGOUT, refresh=pair.refresh).status_code == 204

    assert_refused(post(api, REFRESH, refresh=pair.refresh), 401, "token_invalid")
    assert_refused(post(api, LOGOUT, refresh=pair.refresh), 401, "token_invalid")


def test_an_access_token_does_not_refresh(api, user):
    assert_refused(post(api, REFRESH, refresh=issue_tokens(user).access), 401, "token_invalid")


def test_a_refresh_token_opens_nothing(api, user):
    assert_refused(me(api, issue_tokens(user).refresh), 401, "token_invalid")


def test_an_expired_access_token_is_refused_by_its_name(api, user):
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(seconds=-1))

    response = me(api, token)

    assert_refused(response, 401, "token_expired")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_refresh_token_is_refused_by_its_name(api, user):
    token = RefreshToken.for_user(user)
    token.set_exp(lifetime=timedelta(seconds=-1))

    assert_refused(post(api, REFRESH, refresh=str(token)), 401, "token_expired")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "two words", "é"])
def test_a_wrong_token_is_refused(api, token):
    assert_refused(me(api, token), 401, "token_invalid")


def test_a_token_signed_by_somebody_else_is_refused(api, user):
    head, body, signature = issue_tokens(user).access.split(".")
    forged = ".".join([head, body, signature[::-1]])

    assert_refused(me(api, forged), 401, "token_invalid")


def test_no_token_is_refused(api):
    assert_refused(api.get(reverse(ME)), 401, "not_authenticated")


def test_a_new_password_ends_every_token(api, user):
    pair = issue_tokens(user)
    user.set_password("kashmir-1975-riff")
    user.save()

    assert_refused(me(api, pair.access), 401, "token_invalid")
    assert_refused(post(api, REFRESH, refresh=pair.refresh), 401, "token_invalid")


def test_a_disabled_accounts_token_is_refused(api, user):
    pair = issue_tokens(user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert_refused(me(api, pair.access), 401, "token_invalid")
    assert_refused(post(api, REFRESH, refresh=pair.refresh), 401, "token_invalid")


def test_me_changes_the_name_and_nothing_else(api, user):
    api.force_authenticate(user)

    response = api.patch(reverse(ME), {"display_name": "Bonzo", "email": "x@example.org", "roles": ["admin"]})

    assert response.status_code == 200
    assert response.json()["display_name"] == "Bonzo"
    assert response.json()["email"] == user.email
    assert response.json()["roles"] == ["user"]


def test_a_name_that_is_too_long_is_refused(api, user):
    api.force_authenticate(user)

    assert_refused(api.patch(reverse(ME), {"display_name": "x" * 81}), 400, "invalid_input")


def test_deleting_me_needs_the_password(api, user, password):
    access = issue_tokens(user).access
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")

    assert_refused(api.delete(reverse(ME), {"password": "not it"}, format="json"), 403, "wrong_password")
    assert api.delete(reverse(ME), {"password": password}, format="json").status_code == 204
    assert_refused(me(api, access), 401, "token_invalid")


def test_a_websocket_knows_its_user_by_an_access_token(user):
    assert user_from_access_token(issue_tokens(user).access) == user


@pytest.mark.parametrize("token", ["", "rubbish"])
def test_a_websocket_knows_nobody_by_a_wrong_token(token):
    assert user_from_access_token(token) is None


def test_a_websocket_knows_nobody_by_an_expired_or_a_refresh_token(user):
    expired = AccessToken.for_user(user)
    expired.set_exp(lifetime=timedelta(seconds=-1))

    assert user_from_access_token(str(expired)) is None
    assert user_from_access_token(issue_tokens(user).refresh) is None
