"""What the tests of the notations' API share."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from notation.models import Notation

NOTATIONS = "/api/v1/notations/"


def api(person: User) -> APIClient:
    """Return a client that is signed in as ``person``."""
    client = APIClient()
    client.force_authenticate(person)
    return client


def send(
    notation: Notation, what: str, body: dict[str, Any], by: User | None = None, method: str = "post"
) -> Any:
    """Send ``body`` to ``what`` of ``notation``, as its owner or as somebody else."""
    call = getattr(api(by or notation.owner), method)
    # Escaped by ourselves: half characters can be written in JSON, though not in UTF-8.
    return call(f"{NOTATIONS}{notation.pk}/{what}", json.dumps(body), content_type="application/json")


def read(notation: Notation, what: str = "", by: User | None = None, **query: Any) -> Any:
    """Get ``what`` of ``notation``, as its owner or as somebody else."""
    return api(by or notation.owner).get(f"{NOTATIONS}{notation.pk}/{what}", query)


def to_crash(ident: str, base_revision: int = 1) -> dict[str, Any]:
    """Return the command that makes the hit ``ident`` a crash."""
    command = {"op": "set_instrument", "ids": [ident], "instrument": "crash"}
    return {"base_revision": base_revision, "commands": [command]}


def instruments_of(notation: Notation) -> list[str]:
    """Return what the stored score plays, in order."""
    notation.refresh_from_db()
    return [hit["instrument"] for hit in notation.score["hits"]]
