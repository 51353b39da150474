"""``manage.py transcribe`` as people run it: a process of its own, files in, files out."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

from media.core.audio import Audio
from media.core.flac import write_flac
from notation.core.instruments import InstrumentName
from transcription.core.demo_song import TEMPO_BPM
from transcription.core.tests.tiny_separators import tiny_package, write_package

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text("utf-8"))
ENDINGS = (".json", ".mid", ".musicxml", ".pdf", ".svg")

pytestmark = pytest.mark.slow


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "transcribe", *map(str, arguments)]


def _environment(var_dir: Path) -> dict[str, str]:
    # No database: whoever opened one would fail at once.
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": ""}
    return {
        **os.environ, **nowhere, "VAR_DIR": str(var_dir), "DOTENV": os.devnull, "OMP_NUM_THREADS": "1",
        "DJANGO_SETTINGS_MODULE": "drumsite.settings",
    }  # fmt: skip


@pytest.fixture(scope="module")
def transcribe(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    var_dir = tmp_path_factory.mktemp("var")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            _command(*arguments), env=_environment(var_dir), capture_output=True, text=True, timeout=300
        )

    return run


@pytest.fixture(scope="module")
def song(demo_audio: Audio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "demo_song.flac"
    write_flac(demo_audio, path)
    return path


@dataclass(frozen=True)
class Run:
    """One run over several songs, most of them no songs at all."""

    output: Path
    finished: subprocess.CompletedProcess[str]

    def said_of(self, name: str) -> str:
        """Return the line of complaint about one song."""
        lines = [line for line in self.finished.stderr.splitlines() if f"{name}: " in line]
        assert len(lines) == 1, self.finished.stderr
        return lines[0].partition(f"{name}: ")[2]


@pytest.fixture(scope="module")
def run(
    transcribe: Callable[..., subprocess.CompletedProcess[str]],
    song: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "letter.mp3").write_text("Dear drummer,\n" * 100)
    (folder / "empty.wav").touch()
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "silence.wav", np.zeros(44_100 * 3), 44_100)
    soundfile.write(folder / "blink.wav", 0.5 * np.sin(np.arange(8_820) / 9), 44_100)
    # The good one comes last: what is wrong with the others must not keep it from its score.
    bad = [folder / name for name in ("letter.mp3", "empty.wav", "folder.wav", "silence.wav", "blink.wav")]
    output = folder / "out"
    return Run(output, transcribe(*bad, folder / "missing.flac", song, "-o", output))


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_file_is_written(run: Run, ending: str) -> None:
    assert (run.output / f"demo_song{ending}").stat().st_size > 500
    assert f"{run.output / 'demo_song'}{ending}" in run.finished.stdout.splitlines()


def test_nothing_else_is_left_behind(run: Run) -> None:
    assert sorted(path.name for path in run.output.iterdir()) == [f"demo_song{ending}" for ending in ENDINGS]


def test_the_result_is_what_its_schema_says(run: Run) -> None:
    result = json.loads((run.output / "demo_song.json").read_text("utf-8"))

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(result, SCHEMA)
    assert set(result) == set(SCHEMA["properties"])
    for hit in result["hits"]:
        assert set(hit) == set(SCHEMA["$defs"]["hit"]["properties"])


def test_the_schema_knows_every_instrument() -> None:
    assert SCHEMA["$defs"]["instrument"]["enum"] == [name.value for name in InstrumentName]


def test_the_song_is_heard(run: Run) -> None:
    result = json.loads((run.output / "demo_song.json").read_text("utf-8"))

    assert result["title"] == "demo song"
    assert result["tempo"]["bpm"] == pytest.approx(TEMPO_BPM, abs=1.5)
    assert [(meter["beats"], meter["beat_type"]) for meter in result["meters"]] == [(4, 4)]
    assert result["counts"]["kick"] > 20
    assert result["counts"]["snare"] > 20


def test_each_stage_gets_a_plain_line_where_there_is_no_terminal(run: Run) -> None:
    lines = run.finished.stderr.splitlines()

    assert sum(line.startswith("  Hearing the drums") and line.endswith(" s") for line in lines) == 1
    assert "\r" not in run.finished.stderr
    assert "\x1b" not in run.finished.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("letter.mp3", "not audio"),
        ("empty.wav", "empty"),
        ("folder.wav", "folder"),
        ("silence.wav", "silent"),
        ("blink.wav", "0.2 s"),
        ("missing.flac", "no such file"),
    ],
)
def test_a_song_that_cannot_be_read_gets_one_clear_sentence(run: Run, name: str, words: str) -> None:
    assert words in run.said_of(name)


def test_one_refused_song_makes_the_exit_status_1_without_a_traceback(run: Run) -> None:
    assert run.finished.returncode == 1
    assert "Traceback" not in run.finished.stderr


def test_the_result_alone_can_be_asked_for_again_with_hints(
    transcribe: Callable[..., subprocess.CompletedProcess[str]], song: Path, tmp_path: Path
) -> None:
    (tmp_path / "demo_song.json").write_text(json.dumps({"schema": "drumsite.transcription/1"}))

    finished = transcribe(song, "-o", tmp_path, "--json-only", "--meter", "3/4", "--title", "Waltz")

    assert finished.returncode == 0, finished.stderr
    result = json.loads((tmp_path / "demo_song.json").read_text("utf-8"))
    assert (result["title"], result["meters"][0]["beats"]) == ("Waltz", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["demo_song.json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--meter", "lively"], "--meter must be a time signature"),
        (["--tempo", "3000"], "--tempo must be a number from 30 to 320"),
        (["--grid", "64"], "invalid choice"),
        (["--volume", "11"], "unrecognized arguments"),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    transcribe: Callable[..., subprocess.CompletedProcess[str]], song: Path, arguments: list[str], words: str
) -> None:
    finished = transcribe(song, *arguments)

    assert finished.returncode == 2
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_file_that_may_be_the_persons_own_is_not_overwritten(
    transcribe: Callable[..., subprocess.CompletedProcess[str]], song: Path, tmp_path: Path
) -> None:
    (tmp_path / "demo_song.pdf").write_text("my own")

    finished = transcribe(song, "-o", tmp_path)

    assert finished.returncode == 1
    assert "demo_song.pdf would be overwritten" in finished.stderr
    assert (tmp_path / "demo_song.pdf").read_text() == "my own"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_stops_at_once_and_leaves_nothing(song: Path, tmp_path: Path, number: int, status: int) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**_environment(tmp_path / "var"), "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        _command(song, "-o", tmp_path / "out"),
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what it puts into the background with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # type: ignore[arg-type, return-value]
    )
    assert process.stderr is not None
    assert process.stderr.readline().strip() == str(song)  # it has begun

    time.sleep(0.5)
    process.send_signal(number)

    rest = process.communicate(timeout=30)[1]
    assert process.returncode == status
    assert "Traceback" not in rest
    assert list((tmp_path / "out").iterdir()) == []
    assert list(scratch.iterdir()) == []


def test_stems_and_a_click_are_written_beside_the_score(song: Path, tmp_path: Path) -> None:
    network = write_package(tmp_path, "tiny", tiny_package())
    digits = hashlib.sha256(network.read_bytes()).hexdigest()
    own = {"OWN_SEPARATORS": f"tiny={network.as_uri()}#sha256={digits}"}
    arguments = (song, "-o", tmp_path / "out", "--json-only", "--stems", "--separation-model", "tiny")

    done = subprocess.run(
        _command(*arguments), env=_environment(tmp_path) | own, capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 0, done.stderr
    stems = ("bass", "click", "drums", "other", "vocals", "without drums")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["demo_song.json", *(f"demo_song {stem}.flac" for stem in stems)]
    )
    result = json.loads((tmp_path / "out" / "demo_song.json").read_text("utf-8"))
    assert "not_separated" not in [warning["code"] for warning in result["warnings"]]
