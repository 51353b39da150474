from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role, has_role
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "admin:accounts_user_changelist"


def act(client, action, *users, **fields):
    data = {"action": action, "_selected_action": [str(user.pk) for user in users], **fields}
    return client.post(reverse(LIST), data, follow=True)


def change_url(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_the_admin_pages_use_the_one_login_page(client):
    response = client.get(reverse("admin:index"), follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_a_user_does_not_get_in(client, user):
    client.force_login(user)

    assert client.get(reverse(LIST), follow=True).status_code == 403


def test_a_moderator_sees_an_account_and_cannot_change_it(client, user, moderator):
    client.force_login(moderator)

    assert client.get(change_url(user)).status_code == 200
    assert client.post(change_url(user), {"display_name": "X"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[user.pk])).status_code == 403
    assert client.get(reverse("admin:accounts_user_add")).status_code == 403


@pytest.mark.parametrize("action", ["grant_admin", "grant_moderator", "revoke_moderator", "close_accounts"])
def test_a_moderator_has_no_action_over_roles(client, moderator, action):
    client.force_login(moderator)

    act(client, action, moderator)

    moderator.refresh_from_db()
    assert moderator.is_active
    assert set(moderator.groups.values_list("name", flat=True)) == {"user", "moderator"}


def test_an_admin_gives_and_takes_roles(client, user, admin_user):
    client.force_login(admin_user)

    act(client, "grant_moderator", user)
    assert has_role(user, Role.MODERATOR)

    act(client, "revoke_moderator", user)
    assert not has_role(user, Role.MODERATOR)


def test_an_admin_changes_an_account_but_not_its_roles_by_the_form(client, user, admin_user):
    client.force_login(admin_user)

    client.post(change_url(user), {"display_name": "Bonzo", "is_active": "on", "is_superuser": "on"})

    user.refresh_from_db()
    assert user.display_name == "Bonzo"
    assert not user.is_superuser


def test_an_admin_cannot_take_over_or_close_a_superusers_account(client, admin_user):
    root = User.objects.create_superuser("root@example.org", "x")
    client.force_login(admin_user)

    assert client.post(change_url(root), {"display_name": "X"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[root.pk])).status_code == 403
    act(client, "close_accounts", root)
    root.refresh_from_db()
    assert root.is_active


def test_an_admin_makes_an_account(client, admin_user):
    client.force_login(admin_user)

    client.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "Moon@Example.org",
            "display_name": "Keith",
            "usable_password": "true",
            "password1": "baba-o-riley-71",
            "password2": "baba-o-riley-71",
        },
    )

    made = User.objects.get(email="moon@example.org")
    assert made.check_password("baba-o-riley-71")
    assert list(made.groups.values_list("name", flat=True)) == [Role.USER]


def test_an_address_that_is_taken_in_another_spelling_comes_back(client, admin_user):
    UserFactory(email="moon@example.org")
    client.force_login(admin_user)

    response = client.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "MOON@example.org",
            "usable_password": "true",
            "password1": "baba-o-riley-71",
            "password2": "baba-o-riley-71",
        },
    )

    assert response.status_code == 200
    assert "email" in response.context["adminform"].form.errors


def test_nobody_deletes_accounts_with_all_they_own(client, user, admin_user):
    client.force_login(admin_user)

    assert client.post(reverse("admin:accounts_user_delete", args=[user.pk])).status_code == 403


def test_closing_accounts_forgets_the_person(client, user, admin_user):
    client.force_login(admin_user)

    act(client, "close_accounts", user)

    user.refresh_from_db()
    assert not user.is_active
    assert user.deleted_at
    assert "Closed" in LogEntry.objects.get(object_id=str(user.pk)).change_message
