from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection

from accounts import services
from accounts.errors import LastAdmin, NotAllowed
from accounts.models import User
from accounts.roles import Role, has_role, highest_role, is_admin, is_moderator, roles_of
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
roles_migration = importlib.import_module("accounts.migrations.0002_roles")


def test_the_migration_creates_the_four_groups():
    assert set(Group.objects.values_list("name", flat=True)) >= {role.value for role in Role}


def test_the_migration_goes_back_and_forth():
    editor = SimpleNamespace(connection=connection)  # a real one cannot be opened inside a test's transaction

    roles_migration.delete_groups(apps, editor)
    assert not Group.objects.filter(name__in=[role.value for role in Role]).exists()

    roles_migration.create_groups(apps, editor)
    roles_migration.create_groups(apps, editor)
    assert Group.objects.filter(name__in=[role.value for role in Role]).count() == 4


def test_everybody_with_an_account_is_a_user(user):
    assert roles_of(user) == {Role.USER}
    assert highest_role(user) is Role.USER


def test_a_visitor_has_no_role():
    assert roles_of(AnonymousUser()) == frozenset()
    assert highest_role(AnonymousUser()) is None


def test_an_inactive_moderator_has_no_role():
    assert not is_moderator(UserFactory(moderator=True, is_active=False))


def test_an_admin_acts_as_a_moderator_and_not_the_other_way_round(admin_user, moderator):
    assert is_moderator(admin_user)
    assert is_admin(admin_user)
    assert is_moderator(moderator)
    assert not is_admin(moderator)


def test_a_superuser_is_an_admin():
    assert is_admin(User.objects.create_superuser("root@example.org", "x"))


def test_a_group_of_another_name_is_no_role(user):
    user.groups.add(Group.objects.create(name="orchestra"))

    assert roles_of(user) == {Role.USER}


def test_an_admin_gives_and_takes_a_role(user, admin_user):
    services.grant_role(user=user, role=Role.PREMIUM, by=admin_user)
    assert has_role(user, Role.PREMIUM)
    assert not user.is_staff

    services.revoke_role(user=user, role=Role.PREMIUM, by=admin_user)
    assert not has_role(user, Role.PREMIUM)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_the_admin_pages_open_and_close_with_the_role(user, admin_user, role):
    services.grant_role(user=user, role=role, by=admin_user)
    user.refresh_from_db()
    assert user.is_staff

    services.revoke_role(user=user, role=role, by=admin_user)
    user.refresh_from_db()
    assert not user.is_staff


def test_a_moderator_cannot_give_or_take_roles(user, moderator):
    with pytest.raises(NotAllowed):
        services.grant_role(user=moderator, role=Role.ADMIN, by=moderator)
    with pytest.raises(NotAllowed):
        services.revoke_role(user=user, role=Role.USER, by=moderator)


def test_the_last_admin_keeps_the_role(admin_user):
    with pytest.raises(LastAdmin):
        services.revoke_role(user=admin_user, role=Role.ADMIN, by=admin_user)


def test_an_admin_may_step_down_when_another_stays(admin_user):
    UserFactory(admin=True)

    services.revoke_role(user=admin_user, role=Role.ADMIN, by=admin_user)

    assert not is_admin(admin_user)


def test_a_moderator_may_see_and_change_what_people_send_but_not_delete_it(moderator):
    assert moderator.has_perm("accounts.view_user")
    assert moderator.has_perm("accounts.change_user")
    assert not moderator.has_perm("accounts.delete_user")
    assert not moderator.has_perm("accounts.add_user")
    assert not moderator.has_perm("auth.view_group")
    assert moderator.has_module_perms("accounts")


def test_an_admin_may_do_everything_on_the_admin_pages(admin_user):
    assert admin_user.has_perm("accounts.delete_user")
    assert admin_user.has_perm("account.view_emailaddress")


def test_a_user_may_do_nothing_on_the_admin_pages(user):
    assert not user.has_perm("accounts.view_user")
    assert not user.has_module_perms("accounts")
