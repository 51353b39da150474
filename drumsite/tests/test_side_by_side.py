"""Test processes side by side share no folder and no Redis database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

PLACES = "from drumsite import settings_test as s; print(s.VAR_DIR, s.MEDIA_ROOT, s.REDIS_URL)"


def places(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Have a fresh process that knows only ``environment`` say where it keeps things."""
    return subprocess.run(
        [sys.executable, "-c", PLACES],
        cwd=settings.BASE_DIR,
        env={"VAR_DIR": str(folder / "var"), "MEDIA_ROOT": str(folder / "media"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_process_among_others_has_folders_and_a_redis_database_of_its_own(tmp_path: Path) -> None:
    done = places(
        tmp_path,
        PYTEST_XDIST_WORKER="gw1",
        REDIS_URL="redis://127.0.0.1:6379/15",
        TEST_REDIS_URLS="redis://127.0.0.1:6379/15 redis://127.0.0.1:6379/14",
    )

    assert done.stdout.split() == [
        str(tmp_path / "var/gw1"),
        str(tmp_path / "media/gw1"),
        "redis://127.0.0.1:6379/14",
    ], done.stderr


def test_a_process_alone_has_what_it_was_given(tmp_path: Path) -> None:
    done = places(tmp_path, REDIS_URL="redis://127.0.0.1:6379/15")

    assert done.stdout.split() == [
        str(tmp_path / "var"),
        str(tmp_path / "media"),
        "redis://127.0.0.1:6379/15",
    ], done.stderr


def test_more_processes_than_redis_databases_are_refused(tmp_path: Path) -> None:
    done = places(
        tmp_path,
        PYTEST_XDIST_WORKER="gw1",
        REDIS_URL="redis://127.0.0.1:6379/15",
        TEST_REDIS_URLS="redis://127.0.0.1:6379/15",
    )

    assert done.returncode != 0
    assert "TEST_REDIS_URLS" in done.stderr


def test_each_process_gets_a_redis_database_of_its_own() -> None:
    ask = "import os; print(os.environ['TEST_REDIS_URLS']); print(os.environ['REDIS_URL'])"

    done = subprocess.run(
        [sys.executable, "script/lib/services.py", "--processes", "2", sys.executable, "-c", ask],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": "", "REDIS_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    if "is not installed" in done.stderr:
        pytest.skip("PostgreSQL and Redis neither run here nor are installed")
    databases, first = done.stdout.splitlines()
    assert len(set(databases.split())) == 2
    assert databases.split()[0] == first
