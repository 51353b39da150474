"""``manage.py models``: what a person who runs the site sees of weights."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import SHA256, WEIGHTS, Trouble, WeightsServer, serving, toy


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any, server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MODEL_DIR = tmp_path / "models"
    monkeypatch.setitem(ENGINES, "toy", toy(server.url, names=("aa-1.th", "bb-2.th")))
    return tmp_path / "models"


def run(*words: str) -> tuple[int, str, str]:
    """Return the exit status and what was said on both streams."""
    said, complained = io.StringIO(), io.StringIO()
    try:
        call_command("models", *words, stdout=said, stderr=complained)
    except SystemExit as end:
        return int(end.code or 0), said.getvalue(), complained.getvalue()
    return 0, said.getvalue(), complained.getvalue()


def test_the_list_says_of_every_engine_whose_it_is_and_whether_it_is_here(folder: Path) -> None:
    status, said, _ = run("list")

    lines = {line.split()[0]: line for line in said.splitlines()}
    assert status == 0
    assert "detect" in lines["crnn"]
    assert "1/1, 1 verified" in lines["crnn"]
    assert "ready" in lines["crnn"]
    assert "84.1 MB" in lines["htdemucs"]
    assert "MIT" in lines["htdemucs"]
    assert "0.6 MB" in lines["keras-cnn"]
    assert str(folder) in said


def test_what_is_fetched_is_listed_and_verified(
    folder: Path, server: WeightsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = run("fetch", "toy")

    assert status == 0
    assert (folder / "aa-1.th").read_bytes() == WEIGHTS
    assert said.count(SHA256) == 2
    assert "toy" in capsys.readouterr().err  # its progress
    assert "2/2, 2 verified" in run("list")[1]
    assert run("verify", "toy")[0] == 0
    assert run("fetch", "toy")[0] == 0
    assert len(server.requests) == 2


def test_fetching_goes_on_with_the_next_when_one_is_refused(server: WeightsServer, folder: Path) -> None:
    status, said, complained = run("fetch", "nobody", "toy")

    assert status == 1
    assert "[unknown_model]" in complained
    assert said.count("toy: ") == 2
    server.always = Trouble(status=404)
    assert "[weights_not_found]" in run("fetch", "toy", "--anew")[2]


def test_verifying_finds_what_was_damaged_and_what_is_gone(folder: Path) -> None:
    before = run("verify")
    run("fetch", "toy")
    (folder / "aa-1.th").write_bytes(b"else")
    (folder / "bb-2.th").unlink()

    status, said, _ = run("verify")

    assert before[0] == 0
    assert before[1].startswith("intact   crnn")
    assert status == 1
    assert "damaged  toy" in said
    assert "missing  toy" in said
    assert "htdemucs" not in said  # was never here
    assert run("verify", "htdemucs")[0] == 1


def test_pruning_says_what_would_go_then_removes_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("fetch", "toy")
    monkeypatch.delitem(ENGINES, "toy")

    said = run("prune", "--dry-run")[1]
    kept = (folder / "aa-1.th").exists()
    done = run("prune")[1]

    assert "aa-1.th (of no engine any more)" in said
    assert "would go, 2.1 MB" in said
    assert kept
    assert "went, 2.1 MB" in done
    assert list(folder.iterdir()) == []


def test_a_site_that_never_fetches_says_so(settings: Any) -> None:
    settings.MODEL_FETCH = False

    assert "[weights_fetching_disabled]" in run("fetch", "toy")[2]


def test_a_network_of_ones_own_is_fetched_from_where_the_setting_says(
    settings: Any, server: WeightsServer, folder: Path
) -> None:
    settings.MODEL_URI, settings.MODEL_URI_SHA256 = server.url + "mine.h5", SHA256

    status, said, _ = run("fetch", "keras-cnn")

    assert status == 0
    assert SHA256 in said
    assert [path.suffix for path in folder.glob("keras-cnn-*.h5")] == [".h5"]
