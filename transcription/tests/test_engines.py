"""Which engines there are, for any signed-in user, and on the page for staff."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from transcription import weights

ENGINES = "/api/v1/engines/"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MODEL_DIR = tmp_path
    return tmp_path


def without(*modules: str) -> Callable[[str], object]:
    """Return what finds every package but these."""
    return lambda module: None if module in modules else object()


def by_name(client: APIClient) -> dict[str, dict[str, Any]]:
    response = client.get(ENGINES)
    assert response.status_code == 200
    return {entry["name"]: entry for entry in response.json()}


def test_every_engine_is_listed_with_licence_and_state(
    api: Callable[[User], APIClient], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "find_spec", without("diffq"))

    entries = by_name(api(user))

    assert entries["crnn"] == {
        "name": "crnn",
        "task": "detect",
        "version": "3.0",
        "licence": "MIT",
        "source": "shipped in the repository; trained by transcription.core.training",
        "size_bytes": 2_981_352,
        "is_default": True,
        "available": True,
        "status": "ready",
        "reason": "",
    }
    assert (entries["htdemucs"]["available"], entries["htdemucs"]["status"]) == (True, "fetched_on_use")
    assert entries["htdemucs"]["is_default"]
    assert entries["mdx_q"]["reason"] == "diffq is not installed: pip install diffq"
    assert (entries["keras-cnn"]["available"], entries["keras-cnn"]["status"]) == (True, "ready")


def test_what_is_not_installed_is_named(
    api: Callable[[User], APIClient], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "find_spec", without("tensorflow"))

    entry = by_name(api(user))["keras-cnn"]

    assert (entry["available"], entry["status"]) == (False, "unavailable")
    assert entry["reason"] == "TensorFlow is not installed: pip install -r requirements/keras.txt"


def test_fetching_that_is_switched_off_is_told(
    api: Callable[[User], APIClient], user: User, settings: Any
) -> None:
    settings.MODEL_FETCH = False

    entry = by_name(api(user))["htdemucs"]

    assert not entry["available"]
    assert "switched off" in entry["reason"]


def test_a_web_process_without_torch_trusts_workers_of_their_own(
    api: Callable[[User], APIClient], user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "find_spec", without("torch", "demucs"))
    settings.EMBEDDED_WORKER = True
    here = by_name(api(user))["crnn"]["available"]
    settings.EMBEDDED_WORKER = False

    assert by_name(api(user))["crnn"]["available"]
    assert not here


def test_who_is_not_signed_in_learns_nothing() -> None:
    assert APIClient().get(ENGINES).status_code == 401


def test_staff_see_which_models_are_here(client: Client, moderator: User, folder: Path) -> None:
    (folder / "955717e8-8726e21a.th").write_bytes(b"not looked at yet")
    client.force_login(moderator)

    page = client.get(reverse("admin_models")).content.decode()

    assert "955717e8-8726e21a.th: not verified" in page
    assert "crnn.safetensors: verified" in page
    assert reverse("admin_models") in client.get(reverse("admin:index")).content.decode()


def test_others_do_not_see_the_page(client: Client, user: User) -> None:
    client.force_login(user)

    assert client.get(reverse("admin_models")).status_code == 302
