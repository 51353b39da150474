"""Fixtures of every app's tests that need the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture
def user(db: None) -> User:
    """Return an account in the role ``user``."""
    from accounts.tests.factories import UserFactory  # here: the cores' tests run without Django

    return UserFactory()


@pytest.fixture
def moderator(db: None) -> User:
    """Return an account in the role ``moderator``."""
    from accounts.tests.factories import UserFactory

    return UserFactory(moderator=True)
