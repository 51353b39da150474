"""Reading ``docs/api-migration.md``, and looking up what it names in what we really have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

from drumsite.websockets import websocket_urlpatterns

DOCUMENT: Path = settings.BASE_DIR / "docs" / "api-migration.md"
UUID = "0f0b6a52-6f8b-4f35-9d5e-3c2f5d0f5b1e"
NOTHING = "—"
_ROW = re.compile(r"^\| ([A-Za-z]+-\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ?([^|]*)\|$", re.MULTILINE)
_ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE|WS) (/[^\s`]*)")
_CELL = re.compile(r"(?<!\\)\|")
_PARAMETER = re.compile(r"^\{\w+\}$")


@dataclass(frozen=True, slots=True)
class Row:
    """An endpoint of another system with ours beside it; ``ours`` and ``how`` are as written."""

    id: str
    method: str
    theirs: str
    ours: str
    how: str

    @property
    def system(self) -> str:
        return self.id.partition("-")[0]

    @property
    def routes(self) -> list[str]:
        """What stands under *ours*: ``"POST /api/v1/jobs/"`` and the like."""
        return routes_in(self.ours)


@cache
def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@cache
def rows() -> dict[str, Row]:
    """Return every row by its id; an id that stands twice is an error."""
    found = [Row(*(cell.strip() for cell in cells)) for cells in _ROW.findall(document())]
    by_id = {row.id: row for row in found}
    assert len(by_id) == len(found), "an id stands twice"
    return by_id


def routes_in(text: str) -> list[str]:
    """Return every ``METHOD /path`` that ``text`` names, in order."""
    return [f"{method} {path}" for method, path in _ROUTE.findall(text)]


def named(kind: str, text: str) -> list[str]:
    """Return what ``text`` names as `` `kind: name` ``."""
    return re.findall(rf"`{kind}: ([\w-]+)`", text)


def words(heading: str) -> list[list[str]]:
    """Return the cells of the tables under ``### heading``, without their heads."""
    section = document().partition(f"\n### {heading}\n")[2]
    section = re.split(r"\n##", section)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    heads = {number for number, line in enumerate(lines) if line.startswith("| ---")}
    heads |= {number - 1 for number in heads}
    return [
        [cell.strip() for cell in _CELL.split(line)[1:-1]]
        for number, line in enumerate(lines)
        if number not in heads
    ]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


class OurRoutes:
    """Everything that can be asked for: the generated description of the API, pages and websockets."""

    def __init__(self, paths: dict[str, Any]) -> None:
        self.paths = paths

    @classmethod
    def generated(cls) -> OurRoutes:
        return cls(SchemaGenerator().get_schema(request=None, public=True)["paths"])

    def fault_of(self, route: str) -> str | None:
        """Return why ``route`` is not there, ``None`` if it is."""
        method, _, address = route.partition(" ")
        path, _, query = address.partition("?")
        if method == "WS":
            return None if _is_websocket(path) else "no such websocket"
        if not path.startswith("/api/v1/"):
            return None if method == "GET" and _is_page(path) else "no such page"
        operations = [
            operation
            for template, methods in self.paths.items()
            if (operation := methods.get(method.lower())) and _leads_to(path, template, operation)
        ]
        if not operations:
            return "not in the API's description"
        known = {entry["name"] for entry in operations[0].get("parameters", ()) if entry["in"] == "query"}
        unknown = [name for name in _names_of(query) if name not in known]
        return f"no parameter {', '.join(unknown)}" if unknown else None


def _names_of(query: str) -> Iterator[str]:
    for pair in filter(None, query.split("&")):
        yield pair.partition("=")[0]


def _leads_to(path: str, template: str, operation: dict[str, Any]) -> bool:
    """Whether ``path`` is one of ``template``: a word may stand for a parameter that lists it."""
    asked, ours = path.split("/"), template.split("/")
    if len(asked) != len(ours):
        return False
    choices = {
        f"{{{entry['name']}}}": entry["schema"].get("enum", ())
        for entry in operation.get("parameters", ())
        if entry["in"] == "path"
    }
    return all(
        given == known
        or (_PARAMETER.match(known) and (_PARAMETER.match(given) or given in choices.get(known, ())))
        for given, known in zip(asked, ours, strict=True)
    )


def filled(path: str, value: str = UUID) -> str:
    """Return ``path`` with ``value`` in place of its parameters."""
    return re.sub(r"\{\w+\}", value, path)


def _is_websocket(path: str) -> bool:
    return any(entry.pattern.match(filled(path).lstrip("/")) for entry in websocket_urlpatterns)


def _is_page(path: str) -> bool:
    try:
        found = resolve(filled(path))
    except Http404:
        return False
    return found.url_name is not None and "catch_all" not in found.func.__name__
