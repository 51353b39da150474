"""How long an edit takes, from the request to the answer: ``python -m benchmarks.editing``

Edits a song of 100 bars and 1,600 hits by the API, in a database of its own that is thrown away (SQLite, or
what ``DATABASE_URL`` names). Prints one line of JSON: milliseconds for each kind of request.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drumsite.settings_test")
django.setup()  # the models below need it

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402

_BARS = 100
_TIMES = 40
_NOTATIONS = "/api/v1/notations/"


def song() -> list[dict[str, Any]]:
    """Return 1,600 strokes: eighths on the hi-hat, a kick pattern, a backbeat with ghost notes."""
    strokes = []
    for bar in range(_BARS):
        in_bar = [("hihat_closed", 0.25 * eighth, 90 - 20 * (eighth % 2)) for eighth in range(8)]
        in_bar += [("kick", at_s, 100) for at_s in (0.0, 0.75, 1.0, 1.625)]
        in_bar += [("snare", 0.5, 105), ("snare", 1.5, 105), ("snare", 0.875, 30), ("snare", 1.125, 30)]
        strokes += [
            {"onset_s": 2 * bar + at_s, "instrument": name, "velocity": velocity}
            for name, at_s, velocity in in_bar
        ]
    return strokes


def milliseconds(request: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long ``request`` took and what it answered; anything but success is an error."""
    started = time.perf_counter()
    answer = request()
    took = 1000 * (time.perf_counter() - started)
    if not 200 <= answer.status_code < 300:
        raise RuntimeError(f"{answer.status_code}: {answer.content[:500]!r}")
    return took, answer


def measure() -> dict[str, Any]:
    """Return the figures."""
    client = APIClient()
    client.force_authenticate(User.objects.create_user(email="bench@example.org", password="bench-mark-1"))
    body = {"title": "Benchmark", "tempo_bpm": 120, "events": song()}
    created, answer = milliseconds(lambda: client.post(f"{_NOTATIONS}from-events/", body, format="json"))
    score = answer.json()["score"]
    url = f"{_NOTATIONS}{answer.json()['id']}/"
    snares = [hit["id"] for hit in score["hits"] if hit["instrument"] == "snare"]
    revision = 1

    def edit(ident: str, **more: str) -> float:
        nonlocal revision
        command = {"op": "set_instrument", "ids": [ident], "instrument": "side_stick", **more}
        sent = {"base_revision": revision, "commands": [command]}
        took, answer = milliseconds(lambda: client.post(f"{url}commands/", sent, format="json"))
        revision = answer.json()["revision"]
        return took

    def requantise() -> Any:
        return client.post(f"{url}requantise/", {"base_revision": revision, "grid": "16"}, format="json")

    edit(snares[0])  # the engraver's child process starts
    times = [edit(ident) for ident in snares[1 : _TIMES + 1]]
    return {
        "database": connection.vendor,
        "bars": len(score["bars"]),
        "hits": len(score["hits"]),
        "from_events_ms": round(created),
        "edit_ms_median": round(median(times), 1),
        "edit_ms_90_per_cent": round(quantiles(times, n=10)[-1], 1),
        "edit_all_like_it_ms": round(edit(snares[-1], like="bars"), 1),
        "svg_ms": round(milliseconds(lambda: client.get(f"{url}svg/"))[0]),
        "requantise_ms": round(milliseconds(requantise)[0]),
        "pdf_ms": round(milliseconds(lambda: client.get(f"{url}export/pdf/"))[0]),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Measure in a database of its own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        print(json.dumps(measure()))
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
