"""The scripts refuse what they cannot do with a sentence, before they change anything."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

SCRIPTS = ("server", "test", "transcribe", "evaluate")


def script(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(settings.BASE_DIR / "script" / name), *arguments],
        cwd=cwd,
        env={**os.environ, "HOST": "127.0.0.1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_can_be_run_and_is_sound_bash(name: str) -> None:
    path = settings.BASE_DIR / "script" / name

    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_server_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])

        done = script("server", "--port", port, cwd=tmp_path)

    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr
    assert "--port" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--port", "many"], ["--port", "70000"], ["--port"], ["--dport", "1"]])
def test_server_refuses_options_that_make_no_sense(arguments: list[str], tmp_path: Path) -> None:
    done = script("server", *arguments, cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("script/server: ")


def test_without_python_311_the_scripts_say_what_to_install(tmp_path: Path) -> None:
    """A copy with nothing but the scripts, on a PATH with nothing but the basics."""
    shutil.copytree(settings.BASE_DIR / "script", tmp_path / "script")
    (tmp_path / "requirements").mkdir()
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname", "env", "cat", "sha256sum", "cut"):
        (tools / tool).symlink_to(str(shutil.which(tool)))

    done = subprocess.run(
        [str(tools / "bash"), str(tmp_path / "script" / "transcribe"), "song.mp3"],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    if "Python 3.11 is needed" not in done.stderr:  # /usr/local/bin is looked into whatever the PATH
        pytest.skip("this machine has a Python 3.11 outside the PATH")
    assert done.returncode == 1
    assert "apt-get install python3.11" in done.stderr
    assert not (tmp_path / ".venv").exists()
