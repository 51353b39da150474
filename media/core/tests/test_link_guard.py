from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.core.tests.link_server import HERE, TRAP, Server, running

# The guard cannot be taken away again, so each test of it has a process of its own.
PROGRAM = """
import http.client, os, socket, subprocess, sys, urllib.request
from pathlib import Path
from media.core.links.addresses import AddressRules
from media.core.links.guard import Forbidden, Guard

port, folder = int(sys.argv[1]), Path(sys.argv[2])
answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"]])
rules = AddressRules(ports=(port,), allowed=("127.0.0.1/32", "nas.home"))

def resolve(host, port):
    if host == "rebind.test":
        return next(answers)
    return ["127.0.0.2"] if host == "nas.home" else [host]

guard = Guard(rules, folder, resolve)
guard.install()

def get(host):
    return urllib.request.urlopen(f"http://{host}:{port}/a", timeout=2).read()
"""


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    with running() as server, running(TRAP, server.port) as trap:
        for one in (server, trap):
            one.serves("/a", b"hello", "text/plain")
        yield server, trap


def outcome(server: Server, folder: Path, act: str) -> str:
    """Run ``act`` under the guard; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + act, str(server.port), str(folder)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def attempt(act: str) -> str:
    return f"""
try:
    {act}
    print("done")
except Forbidden:
    print("forbidden", guard.refused)
except OSError as error:
    print("forbidden" if "may not be visited" in str(error) else error, guard.refused)
"""


def test_a_name_is_checked_each_time_it_is_looked_up(servers, tmp_path):
    server, trap = servers

    told = outcome(server, tmp_path, attempt('get("rebind.test")') * 3)

    assert told.split("\n") == ["done", "forbidden True", "forbidden True"]
    assert (server.visits, trap.visits) == (["/a"], [])


def test_a_host_that_the_rules_name_is_reached_where_it_is(servers, tmp_path):
    server, trap = servers

    assert outcome(server, tmp_path, attempt('get("nas.home")')) == "done"
    assert trap.visits == ["/a"]


WAYS = [
    f'socket.create_connection(("{TRAP}", port))',
    f'socket.socket().connect(("{TRAP}", port))',
    f'socket.socket().connect_ex(("{TRAP}", port))',
    f'socket.socket(socket.AF_INET6).connect(("::ffff:{TRAP}", port))',
    'socket.socket(socket.AF_INET6).connect(("fe80::1", port, 0, 1))',
    'socket.socket().connect(("localhost", port))',
    f'socket.socket().connect(("{HERE}", 22))',
    f'__import__("_socket").socket().connect(("{TRAP}", port))',
    'socket.socket(socket.AF_UNIX).connect("/run/docker.sock")',
    f'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("{TRAP}", port))',
    f'socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("{TRAP}", port))',
    f'get("{TRAP}")',
]


def test_no_way_leads_to_an_address_that_may_not_be_visited(servers, tmp_path):
    server, trap = servers

    told = outcome(server, tmp_path, "".join(attempt(way) + "guard.refused = False" for way in WAYS))

    assert dict(zip(WAYS, told.split("\n"), strict=True)) == dict.fromkeys(WAYS, "forbidden True")
    assert trap.visits == []


ACTS = [
    'subprocess.run(["true"])',
    'os.system("true")',
    "os.fork()",
    'os.execv("/bin/true", ["true"])',
    'os.posix_spawn("/bin/true", ["true"], {})',
    'open(folder.parent / "elsewhere", "w")',
    'os.open(folder.parent / "elsewhere", os.O_CREAT | os.O_WRONLY)',
    'open(folder / "way_out" / "elsewhere", "w")',
    "os.remove(sys.executable)",
]


def test_no_program_is_run_and_nothing_is_written_elsewhere(servers, tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "way_out").symlink_to(tmp_path)

    told = outcome(servers[0], tmp_path / "inside", "".join(attempt(act) for act in ACTS))

    assert dict(zip(ACTS, told.split("\n"), strict=True)) == dict.fromkeys(ACTS, "forbidden False")
    assert not (tmp_path / "elsewhere").exists()


def test_files_of_its_own_folder_are_written_and_those_of_others_read(servers, tmp_path):
    act = """
(folder / "song").write_text("x")
(folder / "song").rename(folder / "song.mp3")
print(Path("/etc/hostname").exists(), open(os.__file__).read(1) != "")
"""

    assert outcome(servers[0], tmp_path, act).endswith("True")
    assert (tmp_path / "song.mp3").exists()
