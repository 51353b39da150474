from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.selectors import has_verified_email
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_address_is_stored_in_lower_case():
    user = User.objects.create_user("Bonham@Example.ORG", "x")

    user.refresh_from_db()
    assert user.email == "bonham@example.org"


def test_a_second_account_with_another_spelling_of_the_address_is_refused():
    UserFactory(email="bonham@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="BONHAM@example.org")


def test_the_database_refuses_an_address_with_capitals_that_goes_round_save():
    user = UserFactory(email="bonham@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Bonham@example.org")


def test_an_account_without_an_address_is_refused():
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("", "x")


def test_an_account_is_found_by_any_spelling_of_its_address():
    user = UserFactory(email="bonham@example.org")

    assert User.objects.get_by_natural_key("BonHam@example.org") == user


def test_a_superuser_from_the_command_line_can_log_in_at_once():
    user = User.objects.create_superuser("Root@example.org", "x")

    assert user.is_staff
    assert user.is_superuser
    assert has_verified_email(user)


def test_without_a_name_the_pages_use_the_start_of_the_address():
    assert UserFactory(email="moon@example.org", display_name="").name == "moon"
    assert UserFactory(display_name="Keith").name == "Keith"
