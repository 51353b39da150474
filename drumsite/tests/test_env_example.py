"""``.env.example`` and the settings name the same variables."""

from __future__ import annotations

import ast
import re

from django.conf import settings

EXAMPLE = settings.BASE_DIR / ".env.example"
# Read by docker-compose.yml alone.
COMPOSE_ONLY = {
    "DRUMSITE_VERSION",
    "GPU",
    "POSTGRES_PASSWORD",
    "STORAGE_HOST",
    "STORAGE_KEY",
    "STORAGE_SECRET",
    "STORAGE_TLS",
    "WEB_PORT",
}
_VARIABLE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def _read_by_settings() -> set[str]:
    """Return the variables of every ``env("…")`` and ``env.TYPE("…")`` in the settings."""
    found: set[str] = set()
    tree = ast.parse((settings.BASE_DIR / "drumsite" / "settings.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if isinstance(called, ast.Name) and called.id == "env":
            found.add(str(node.args[0].value))
    return found


def test_every_setting_stands_in_the_example() -> None:
    in_example = set(_VARIABLE.findall(EXAMPLE.read_text(encoding="utf-8")))

    assert _read_by_settings() - in_example == set()


def test_every_variable_of_the_example_is_a_setting() -> None:
    in_example = set(_VARIABLE.findall(EXAMPLE.read_text(encoding="utf-8")))

    assert in_example - _read_by_settings() - COMPOSE_ONLY == set()


def test_every_variable_of_the_example_is_explained() -> None:
    """A comment stands above each, or above the group of variables that it belongs to."""
    explained = False
    bare: list[str] = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if _VARIABLE.match(line):
            bare += [] if explained else [line]
        else:
            explained = line.startswith("# ") and not line.startswith("# ---")

    assert bare == []


def test_the_example_unchanged_sets_nothing() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []
