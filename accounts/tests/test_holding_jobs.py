from __future__ import annotations

import pytest

from accounts import services
from accounts.errors import NotAllowed

pytestmark = pytest.mark.django_db


def test_a_moderator_holds_and_releases_someones_jobs(user, moderator):
    assert services.hold_jobs(user=user, by=moderator, reason="  2000 uploads an hour ")
    assert user.jobs_held
    assert user.jobs_held_reason == "2000 uploads an hour"

    assert services.release_jobs(user=user, by=moderator)
    assert not user.jobs_held
    assert user.jobs_held_reason == ""


def test_holding_twice_keeps_the_first_reason(user, moderator):
    services.hold_jobs(user=user, by=moderator, reason="first")

    assert not services.hold_jobs(user=user, by=moderator, reason="second")
    assert user.jobs_held_reason == "first"


def test_releasing_what_is_not_held_changes_nothing(user, moderator):
    assert not services.release_jobs(user=user, by=moderator)


def test_a_user_cannot_hold_or_release_jobs(user):
    with pytest.raises(NotAllowed):
        services.hold_jobs(user=user, by=user, reason="")
    with pytest.raises(NotAllowed):
        services.release_jobs(user=user, by=user)


def test_a_moderator_cannot_hold_an_admins_jobs(moderator, admin_user):
    with pytest.raises(NotAllowed):
        services.hold_jobs(user=admin_user, by=moderator, reason="")
