"""Fixtures for the core of notation; nothing here knows Django."""

from __future__ import annotations

import pytest

from notation.core.tests.songs import SONGS, Song


@pytest.fixture(params=sorted(SONGS))
def song(request: pytest.FixtureRequest) -> Song:
    """Each of the songs in turn."""
    return SONGS[request.param]
