"""The rules about imports cover every app, and the web process loads no network."""

from __future__ import annotations

import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.conf import settings

HEAVY = ("torch", "tensorflow", "keras", "demucs", "scipy")


@pytest.fixture(scope="module")
def contracts() -> ConfigParser:
    parser = ConfigParser()
    parser.read(settings.BASE_DIR / ".importlinter", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def our_apps() -> list[str]:
    """Our apps, the lowest first, as the settings have them; drumsite itself is above all."""
    ours = [name for name in settings.INSTALLED_APPS if (settings.BASE_DIR / name / "__init__.py").is_file()]
    return sorted(ours, key=lambda name: name == "drumsite")


def _names(contracts: ConfigParser, contract: str, key: str) -> list[str]:
    return contracts[f"importlinter:contract:{contract}"][key].split()


def test_every_app_is_a_layer_in_the_order_of_the_settings(
    contracts: ConfigParser, our_apps: list[str]
) -> None:
    assert _names(contracts, "apps", "layers") == our_apps[::-1]
    assert set(contracts["importlinter"]["root_packages"].split()) == set(our_apps)


def test_every_core_is_a_layer_and_knows_no_web(contracts: ConfigParser, our_apps: list[str]) -> None:
    cores = [f"{app}.core" for app in our_apps if (settings.BASE_DIR / app / "core").is_dir()]

    assert _names(contracts, "cores", "layers") == cores[::-1]
    assert set(_names(contracts, "plain-cores", "source_modules")) == set(cores)


def test_every_room_keeps_the_order_inside(contracts: ConfigParser, our_apps: list[str]) -> None:
    assert set(_names(contracts, "rooms", "containers")) == set(our_apps) - {"drumsite"}


@pytest.mark.parametrize("module", ["drumsite.asgi", "transcription.workers"])
def test_the_web_process_loads_no_network(module: str, tmp_path: Path) -> None:
    """The workers' threads live in the server in the embedded mode; the networks live in their children."""
    program = f"""
import sys
import drumsite.asgi
import {module}
from django.urls import get_resolver
get_resolver().url_patterns
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "drumsite.settings",
        "DOTENV": os.devnull,
        "VAR_DIR": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []
