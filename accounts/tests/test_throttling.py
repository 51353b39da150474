from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ME, LOGIN, REFRESH = (f"accounts_api:{name}" for name in ("me", "login", "refresh"))


@pytest.fixture(autouse=True)
def _rates(settings):
    settings.API_RATES = {
        "anon": "1/min",
        "user": "2/min",
        "premium": "4/min",
        "moderator": None,
        "admin": None,
        "auth": "3/min",
    }


def calls_until_refused(call, at_most=8) -> int:
    for made in range(at_most):
        response = call()
        if response.status_code == 429:
            assert response.json()["code"] == "throttled"
            return made
    return at_most


@pytest.mark.parametrize(("role", "allowed"), [({}, 2), ({"premium": True}, 4), ({"moderator": True}, 8)])
def test_the_rate_follows_the_role(api, role, allowed):
    api.force_authenticate(UserFactory(**role))

    assert calls_until_refused(lambda: api.get(reverse(ME))) == allowed


def test_one_person_does_not_use_up_the_rate_of_another(api):
    for _ in range(2):
        api.force_authenticate(UserFactory())
        assert calls_until_refused(lambda: api.get(reverse(ME)), at_most=2) == 2


def test_a_visitor_is_limited_by_address(api):
    assert calls_until_refused(lambda: api.post(reverse(REFRESH), {"refresh": "x"})) == 1


def test_logging_in_has_a_rate_of_its_own(api):
    body = {"email": "nobody@example.org", "password": "x"}

    assert calls_until_refused(lambda: api.post(reverse(LOGIN), body)) == 3


def test_a_made_up_forwarding_header_does_not_reset_the_rate(api):
    addresses = iter(range(100))

    def log_in():
        forwarded = {"X-Forwarded-For": f"10.0.0.{next(addresses)}"}
        return api.post(reverse(LOGIN), {"email": "nobody@example.org", "password": "x"}, headers=forwarded)

    assert calls_until_refused(log_in) == 3
