from __future__ import annotations

import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts import services
from accounts.models import User
from accounts.roles import Role
from accounts.selectors import has_verified_email
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def is_logged_in(client) -> bool:
    return "_auth_user_id" in client.session


def sign_up(client, email="Bonham@Example.org", password="moby-dick-1969", **fields):
    return client.post(
        reverse("account_signup"),
        {"email": email, "display_name": "John", "password1": password, "password2": password, **fields},
    )


def log_in(client, email, password):
    return client.post(reverse("account_login"), {"login": email, "password": password})


@pytest.mark.parametrize(
    "name", ["account_signup", "account_login", "account_reset_password", "account_reset_password_done"]
)
def test_the_pages_open_to_visitors(client, name):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["profile", "delete_account", "account_email", "account_change_password", "account_logout"],
)
def test_the_pages_open_to_their_owner(client, user, name):
    client.force_login(user)

    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["profile", "delete_account", "account_email", "account_change_password"])
def test_a_visitor_is_sent_to_the_login_page(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_signing_up_logs_in_at_once_where_confirmation_can_wait(client):
    response = sign_up(client)

    assert response.status_code == 302
    assert response.url == reverse("dashboard")
    assert is_logged_in(client)
    user = User.objects.get(email="bonham@example.org")
    assert user.display_name == "John"
    assert user.groups.filter(name=Role.USER).exists()
    assert mail.outbox[0].to == ["bonham@example.org"]


def test_the_link_in_the_mail_confirms_the_address(client):
    sign_up(client)
    link = re.search(r"http://\S+/confirm-email/\S+", mail.outbox[0].body)[0]

    client.post(link)

    assert has_verified_email(User.objects.get(email="bonham@example.org"))


def test_signing_up_waits_for_the_mail_where_the_site_wants_it(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    response = sign_up(client)

    assert response.url == reverse("account_email_verification_sent")
    assert not is_logged_in(client)


def test_a_taken_address_opens_no_second_account(client):
    UserFactory(email="bonham@example.org")

    sign_up(client, email="BONHAM@example.org")

    assert User.objects.count() == 1
    assert not is_logged_in(client)


@pytest.mark.parametrize("fields", [{"password2": "another-1969"}, {"email": "bonham"}])
def test_a_form_with_a_mistake_comes_back(client, fields):
    response = sign_up(client, **fields)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not User.objects.exists()


def test_a_weak_password_comes_back(client):
    response = sign_up(client, password="12345678")

    assert "password1" in response.context["form"].errors


def test_logging_in_with_any_spelling_of_the_address(client, password):
    UserFactory(email="bonham@example.org")

    response = log_in(client, "Bonham@example.ORG", password)

    assert response.url == reverse("dashboard")
    assert is_logged_in(client)


def test_a_wrong_password_logs_nobody_in(client, user):
    response = log_in(client, user.email, "not it")

    assert response.status_code == 200
    assert not is_logged_in(client)


def test_guessing_passwords_ends_after_a_few_attempts(client, user, password):
    for _ in range(5):
        log_in(client, user.email, "not it")

    log_in(client, user.email, password)

    assert not is_logged_in(client)


def test_logging_out_needs_a_post(client, user):
    client.force_login(user)
    client.get(reverse("account_logout"))
    assert is_logged_in(client)

    client.post(reverse("account_logout"))
    assert not is_logged_in(client)


def test_a_forgotten_password_is_set_anew_by_the_link_in_a_mail(client, user):
    client.post(reverse("account_reset_password"), {"email": user.email.upper()})
    link = re.search(r"http://\S+/password/reset/key/\S+", mail.outbox[0].body)[0]

    page = client.get(link, follow=True)
    form_url = page.redirect_chain[-1][0]
    client.post(form_url, {"password1": "kashmir-1975-riff", "password2": "kashmir-1975-riff"})

    user.refresh_from_db()
    assert user.check_password("kashmir-1975-riff")


def test_a_mail_server_that_is_down_is_said_kindly(client, user, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    response = client.post(reverse("account_reset_password"), {"email": user.email})

    assert response.status_code == 503
    assert "The mail could not be sent" in response.content.decode()


def test_a_reset_link_works_once(client, user):
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"http://\S+/password/reset/key/\S+", mail.outbox[0].body)[0]
    form_url = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form_url, {"password1": "kashmir-1975-riff", "password2": "kashmir-1975-riff"})

    client.get(link, follow=True)
    client.post(form_url, {"password1": "achilles-1976-run", "password2": "achilles-1976-run"})

    user.refresh_from_db()
    assert user.check_password("kashmir-1975-riff")


def test_the_profile_page_changes_the_name(client, user):
    client.force_login(user)

    response = client.post(reverse("profile"), {"display_name": "  Bonzo "})

    assert response.url == reverse("profile")
    user.refresh_from_db()
    assert user.display_name == "Bonzo"


def test_a_name_that_is_too_long_comes_back(client, user):
    client.force_login(user)

    response = client.post(reverse("profile"), {"display_name": "x" * 81})

    assert response.status_code == 400
    user.refresh_from_db()
    assert user.display_name == "Drummer"


def test_the_profile_page_says_what_is_held_and_why(client, user, moderator):
    services.hold_jobs(user=user, by=moderator, reason="Too <many> uploads")
    client.force_login(user)

    page = client.get(reverse("profile")).content.decode()

    assert "Too &lt;many&gt; uploads" in page


def test_deleting_the_account_logs_out(client, user, password):
    client.force_login(user)

    client.post(reverse("delete_account"), {"password": password})

    user.refresh_from_db()
    assert not user.is_active
    assert not is_logged_in(client)


def test_deleting_the_account_with_a_wrong_password_changes_nothing(client, user):
    client.force_login(user)

    response = client.post(reverse("delete_account"), {"password": "not it"})

    assert response.status_code == 400
    user.refresh_from_db()
    assert user.is_active


def test_a_new_address_replaces_the_old_when_it_is_confirmed(client, user):
    client.force_login(user)
    client.post(reverse("account_email"), {"action_add": "", "email": "New@example.org"})
    user.refresh_from_db()
    assert user.email != "new@example.org"

    link = re.search(r"http://\S+/confirm-email/\S+", mail.outbox[-1].body)[0]
    client.post(link)

    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert has_verified_email(user)
