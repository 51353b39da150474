"""The test settings: the same as everywhere, with a broker that tests can drain and a quick hasher.

``DATABASE_URL`` and ``REDIS_URL`` choose SQLite and memory, or PostgreSQL and Redis, as in any other place.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["DOTENV"] = os.devnull  # .env may name real databases and files; tests empty theirs
if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="drumsite-test-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
# Test processes side by side, gw0, gw1 and so on, share nothing; pytest-django parts their databases.
if side_by_side := os.environ.get("PYTEST_XDIST_WORKER"):
    for folder in {"VAR_DIR", "MEDIA_ROOT"} & os.environ.keys():
        if Path(os.environ[folder]).name != side_by_side:  # else a child of such a process reads this
            os.environ[folder] = str(Path(os.environ[folder]) / side_by_side)
    if os.environ.get("REDIS_URL"):
        redis_urls = os.environ.get("TEST_REDIS_URLS", "").split()
        number = int(side_by_side.removeprefix("gw"))
        if number >= len(redis_urls):
            raise RuntimeError("TEST_REDIS_URLS must name an empty Redis database for each test process.")
        os.environ["REDIS_URL"] = redis_urls[number]

from drumsite.settings import *  # noqa: F403
from drumsite.settings import API_RATES, DATABASES, VAR_DIR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
QUEUE_NAMESPACE = f"drumsite-test-{os.getpid()}"
API_RATES = dict.fromkeys(API_RATES, "100000/min")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because worker threads and websockets open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
    # Nothing has to outlive a power cut here, and tests that commit would wait for the disk.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c synchronous_commit=off")
