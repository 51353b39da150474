from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts import services, tokens
from accounts.errors import EmailTaken, InvalidEmail, LastAdmin, TokenInvalid, WeakPassword, WrongPassword
from accounts.models import User
from accounts.roles import Role
from accounts.selectors import has_verified_email
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_registering_opens_an_account_in_the_role_user(password):
    user = services.register(email="Bonham@Example.org", password=password, display_name=" John ")

    assert user.email == "bonham@example.org"
    assert user.display_name == "John"
    assert user.check_password(password)
    assert list(user.groups.values_list("name", flat=True)) == [Role.USER]
    assert not has_verified_email(user)


def test_registering_sends_a_mail_with_a_link_that_confirms_the_address(
    password, client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        user = services.register(email="bonham@example.org", password=password)

    (message,) = mail.outbox
    assert message.to == ["bonham@example.org"]
    link = next(word for word in message.body.split() if "/confirm-email/" in word)
    client.post(link)
    assert has_verified_email(user)


def test_a_known_good_address_gets_no_mail(password, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        user = services.register(email="bonham@example.org", password=password, email_is_verified=True)

    assert mail.outbox == []
    assert has_verified_email(user)


def test_an_account_opens_although_the_mail_server_is_down(
    password, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with django_capture_on_commit_callbacks(execute=True):
        user = services.register(email="bonham@example.org", password=password)

    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("spelling", ["bonham@example.org", "BONHAM@example.org", " Bonham@Example.Org "])
def test_an_address_is_taken_in_any_spelling(password, spelling):
    UserFactory(email="bonham@example.org")

    with pytest.raises(EmailTaken):
        services.register(email=spelling, password=password)


@pytest.mark.parametrize("email", ["", "bonham", "bonham@", "bon ham@example.org", "a\nb@example.org"])
def test_what_is_no_address_is_refused(password, email):
    with pytest.raises(InvalidEmail):
        services.register(email=email, password=password)


@pytest.mark.parametrize("weak", ["", "short", "password", "1234567890", "bonham@example"])
def test_a_weak_password_is_refused_with_reasons(weak):
    with pytest.raises(WeakPassword) as caught:
        services.register(email="bonham@example.org", password=weak)

    assert caught.value.details["reasons"]
    assert not User.objects.filter(email="bonham@example.org").exists()


def test_closing_an_account_forgets_the_person(user):
    refresh = tokens.issue_tokens(user).refresh

    services.close_account(user=user)

    user.refresh_from_db()
    assert user.email == f"deleted-{user.pk}@deleted.invalid"
    assert user.display_name == ""
    assert not user.is_active
    assert not user.has_usable_password()
    assert user.deleted_at is not None
    assert not EmailAddress.objects.filter(user=user).exists()
    with pytest.raises(TokenInvalid):
        tokens.rotate_tokens(refresh)


def test_the_address_of_a_closed_account_is_free_again(password):
    user = UserFactory(email="bonham@example.org")
    services.close_account(user=user)

    again = services.register(email="bonham@example.org", password=password)

    assert again.pk != user.pk


def test_deleting_ones_account_needs_the_password(user, password):
    with pytest.raises(WrongPassword):
        services.delete_own_account(user=user, password="not it")
    assert user.is_active

    services.delete_own_account(user=user, password=password)
    assert not user.is_active


def test_the_last_admin_cannot_leave(admin_user):
    with pytest.raises(LastAdmin):
        services.close_account(user=admin_user)


def test_an_admin_may_leave_when_another_stays(admin_user):
    UserFactory(admin=True)

    services.close_account(user=admin_user)

    assert not admin_user.is_active
