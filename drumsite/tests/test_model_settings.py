"""Settings of weights that contradict each other are found at start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings

from drumsite.checks import models
from transcription.weights import weight_store

DIGITS = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def _empty_folder(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path


def found() -> list[str]:
    return [str(message.id) for message in models(None)]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MODEL_MIRROR_URL", "weights.example", ["drumsite.E005"]),
        ("MODEL_MIRROR_URL", "ftp://weights.example/", ["drumsite.E005"]),
        ("MODEL_MIRROR_URL", "https://weights.example/demucs", []),
        ("MODEL_MIRROR_URL", "file:///mnt/models", []),
        ("MODEL_URI", "ftp://weights.example/net.h5", ["drumsite.E006"]),
        ("MODEL_URI", "s3://nets/drums.h5", []),
        ("MODEL_URI", "/nowhere/net.h5", ["drumsite.W004"]),
        ("MODEL_URI_SHA256", DIGITS, ["drumsite.E007"]),
    ],
)
def test_an_address_that_leads_nowhere_is_found(
    settings: Any, name: str, value: str, expected: list[str]
) -> None:
    setattr(settings, name, value)

    assert found() == expected


@pytest.mark.parametrize(("digits", "expected"), [(DIGITS, []), ("abc", ["drumsite.E007"])])
def test_the_sum_of_ones_own_network_has_all_its_digits(
    settings: Any, digits: str, expected: list[str]
) -> None:
    settings.MODEL_URI, settings.MODEL_URI_SHA256 = "https://weights.example/net.h5", digits

    assert found() == expected


def test_a_mirror_that_is_never_asked_is_warned_of(settings: Any) -> None:
    settings.MODEL_FETCH, settings.MODEL_MIRROR_URL = False, "https://weights.example/"

    assert found() == ["drumsite.W003"]


def test_a_network_that_may_not_be_fetched_is_warned_of_until_it_is_there(
    settings: Any, tmp_path: Path
) -> None:
    settings.MODEL_FETCH, settings.MODEL_URI = False, "https://weights.example/net.h5"
    before = found()
    store = weight_store()
    store.place_of(store.engine("keras-cnn").files[0]).write_bytes(b"network")

    assert before == ["drumsite.W004"]
    assert found() == []


def test_a_path_is_one_of_the_site_wherever_the_process_was_started(settings: Any) -> None:
    settings.MODEL_URI = "manage.py"

    (file,) = weight_store().engine("keras-cnn").files
    assert file.path == site_settings.BASE_DIR / "manage.py"
