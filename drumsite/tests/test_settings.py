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


def test_limits_that_refuse_every_recording_are_found_at_start(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", RECORDING_MIN_S="60", RECORDING_MAX_S="30")

    assert done.returncode != 0
    assert "drumsite.E001" in done.stderr


def test_an_engraver_of_pdfs_that_there_is_not_is_found_at_start(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", PDF_BACKEND="typewriter")

    assert done.returncode != 0
    assert "drumsite.E003" in done.stderr


def test_production_on_sqlite_is_warned_of(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", **{**PRODUCTION, "DATABASE_URL": f"sqlite:///{tmp_path}/db"})

    assert "drumsite.W002" in done.stderr


def test_workers_in_the_web_process_beside_redis_are_warned_of(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", **{**PRODUCTION, "EMBEDDED_WORKER": "1"})

    assert "drumsite.W001" in done.stderr


def test_no_worker_at_all_is_found_at_start(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", EMBEDDED_WORKER="0")

    assert done.returncode != 0
    assert "drumsite.E002" in done.stderr


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
