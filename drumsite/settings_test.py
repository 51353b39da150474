"""The test settings: the same as everywhere, with a broker that tests can drain and a quick hasher.

``DATABASE_URL`` and ``REDIS_URL`` choose SQLite and memory, or PostgreSQL and Redis, as in any other place.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["DOTENV"] = os.devnull  # .env may name real databases and files; tests empty theirs
if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="drumsite-test-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from drumsite.settings import *  # noqa: F403
from drumsite.settings import API_RATES, DATABASES, VAR_DIR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
QUEUE_NAMESPACE = f"drumsite-test-{os.getpid()}"
API_RATES = dict.fromkeys(API_RATES, "100000/min")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because worker threads and websockets open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
