from __future__ import annotations

import subprocess
import sys

from django.conf import settings

_SCRIPT = """
import logging, os
os.environ["DJANGO_SETTINGS_MODULE"] = "drumsite.settings"
import django; django.setup()
import structlog
structlog.get_logger("accounts").info("account_opened", user_id="7")
logging.getLogger("transcription").warning("stage_broke", extra={"job": "8"})
"""


def lines_at(level: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "LOG_LEVEL": level, "VAR_DIR": str(settings.VAR_DIR), "DOTENV": "/dev/null"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == ""
    return finished.stderr.splitlines()


def test_events_of_both_kinds_come_in_one_shape_with_their_fields():
    opened, broke = lines_at("INFO")

    assert opened.endswith("account_opened user_id=7")
    assert broke.endswith("stage_broke job=8")


def test_the_level_holds_for_both_kinds():
    assert [line.split()[2] for line in lines_at("WARNING")] == ["stage_broke"]
