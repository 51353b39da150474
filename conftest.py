"""What the tests of every app share: accounts, and which tests a round on other services runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from accounts.models import User

_FIXTURES_OF_SERVICES = {"db", "transactional_db", "django_db_serialized_rollback", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-services",
        action="store_true",
        help="leave out the tests that use neither database nor queue nor websocket layer nor cache",
    )


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as ``services`` what uses the database; without its fixture or mark pytest-django refuses it.

    Tests of queue, layer or cache alone carry the mark themselves.
    """
    for item in items:
        if item.get_closest_marker("django_db") or _FIXTURES_OF_SERVICES & set(_fixtures_of(item)):
            item.add_marker("services")
    if config.getoption("--only-services"):
        elsewhere = [item for item in items if not item.get_closest_marker("services")]
        items[:] = [item for item in items if item.get_closest_marker("services")]
        config.hook.pytest_deselected(items=elsewhere)


def _fixtures_of(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


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
