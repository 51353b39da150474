from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.errors import TokenInvalid
from accounts.tests.factories import UserFactory
from accounts.tokens import issue_tokens, rotate_tokens


@pytest.mark.django_db(transaction=True)
def test_of_requests_that_race_with_one_refresh_token_one_wins():
    refresh = issue_tokens(UserFactory()).refresh
    together = Barrier(4)

    def rotate(_: int) -> bool:
        together.wait()
        try:
            rotate_tokens(refresh)
        except TokenInvalid:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(rotate, range(4)))

    assert won.count(True) == 1
