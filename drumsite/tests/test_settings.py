"""Production starts only when it is safe to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from drumsite.settings import INSECURE_SECRET_KEY

SECRET = "Zq8v-3nT!kd0_Rx7Lw2^Yb5Hs9*Gm4Pc6Ae1Uf+JiNoBtVh-7rQs2Dw"
PRODUCTION = {
    "PRODUCTION": "1",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "drums.example",
    "SITE_URL": "https://drums.example",
    "DATABASE_URL": "postgres://drumsite:secret@database:5432/drumsite",
    "REDIS_URL": "redis://queue:6379/0",
    "STORAGE_URL": "s3://key:secret@files.example:9000/drumsite?region=eu-central-1",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example:587",
}


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py`` as a fresh process that knows only ``environment``."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DOTENV": os.devnull, "VAR_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_is_clean_in_production(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "INFO", **PRODUCTION)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("secret", ["", "  \n", INSECURE_SECRET_KEY])
def test_production_refuses_to_start_without_a_secret_of_its_own(tmp_path: Path, secret: str) -> None:
    done = manage(tmp_path, "check", **{**PRODUCTION, "SECRET_KEY": secret})

    assert done.returncode != 0
    assert "SECRET_KEY (or SECRET_KEY_FILE) must be set in production" in done.stderr


def test_one_machine_starts_without_any_setting(tmp_path: Path) -> None:
    done = manage(tmp_path, "check")

    assert done.returncode == 0, done.stderr


def test_the_secret_can_come_from_a_file_and_loses_its_newline(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    without = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}

    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(repr(settings.SECRET_KEY))",
        **{**without, "SECRET_KEY_FILE": str(file)},
    )

    assert done.stdout.strip() == repr(SECRET), done.stderr


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A start with everything wrong at once; each fault is a line of its own."""
    return manage(
        tmp_path_factory.mktemp("refused"),
        "check",
        RECORDING_MIN_S="60",
        RECORDING_MAX_S="30",
        PDF_BACKEND="typewriter",
        EMBEDDED_WORKER="0",
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param("drumsite.E001", "refuse everything", id="limits that refuse every recording"),
        pytest.param("drumsite.E002", "nobody would ever work on a song", id="no worker at all"),
        pytest.param("drumsite.E003", "'typewriter'", id="an engraver of PDFs that there is not"),
    ],
)
def test_settings_that_cannot_work_are_found_at_start(
    refused: subprocess.CompletedProcess[str], code: str, words: str
) -> None:
    (line,) = [line for line in refused.stderr.splitlines() if code in line]

    assert refused.returncode != 0
    assert words in line


def test_production_on_sqlite_or_with_workers_beside_redis_is_warned_of(tmp_path: Path) -> None:
    odd = {"DATABASE_URL": f"sqlite:///{tmp_path}/db", "EMBEDDED_WORKER": "1"}

    done = manage(tmp_path, "check", "--deploy", **PRODUCTION | odd)

    assert done.returncode == 0
    assert "drumsite.W001" in done.stderr
    assert "drumsite.W002" in done.stderr


def test_workers_of_their_own_with_redis_are_fine(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", EMBEDDED_WORKER="0", REDIS_URL="redis://queue:6379/0")

    assert done.returncode == 0, done.stderr


def test_a_worker_process_without_a_queue_to_share_is_refused(tmp_path: Path) -> None:
    done = manage(tmp_path, "work")

    assert done.returncode != 0
    assert done.stderr.startswith("CommandError: Without REDIS_URL")


def test_a_worker_process_with_a_queue_to_share_gets_to_work(tmp_path: Path) -> None:
    """Also when Redis is away for now: the worker waits for it."""
    environment = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "VAR_DIR": str(tmp_path)}
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "work", "--queues", "io"],
        cwd=settings.BASE_DIR,
        env={**environment, "REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "Working on io.\n"
    finally:
        worker.terminate()
        worker.wait(20)
