"""Run a command with a PostgreSQL and a Redis of its own: ``services.py [--processes N] COMMAND …``

Servers that run already are used (``DATABASE_URL`` and ``REDIS_URL``, else the usual ports of this machine),
but never what is in them: the command gets the name of a database that does not exist (``DATABASE_URL``), and
a Redis database that is empty for each of its processes (``TEST_REDIS_URLS``; ``REDIS_URL`` is the first).
What does not run is started from the system's packages in a temporary folder and ends with the command.
Needs the project's virtual environment.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

_INSTALL = "sudo apt-get install -y postgresql redis-server"
_START_TIMEOUT_S = 30.0


class ServiceMissing(Exception):
    """A server neither runs nor can be started; says what to install."""


def main(arguments: list[str]) -> int:
    """Run the command among ``arguments`` with the services; return its exit status."""
    parser = argparse.ArgumentParser(prog="services.py")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _as_exit)
    with contextlib.ExitStack() as stack:
        try:
            database_url = stack.enter_context(postgresql())
            redis_urls = stack.enter_context(redis(databases=options.processes))
        except ServiceMissing as missing:
            print(f"script/test: {missing}", file=sys.stderr)
            return 3
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_urls[0],
            "TEST_REDIS_URLS": " ".join(redis_urls),
        }
        return subprocess.run(options.command, env=environment, check=False).returncode


def _as_exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


# --- PostgreSQL -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Yield a URL whose database does not exist.

    Django puts ``test_`` before its name (and the process's after it), creates it and drops it.
    """
    name = f"drumsite_{os.getpid()}_{int(time.time())}"
    with contextlib.ExitStack() as stack:
        server = _running_postgresql() or stack.enter_context(_own_postgresql())
        print(f"PostgreSQL: {_without_password(server)}", file=sys.stderr)
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            _drop_all(server, f"test_{name}")  # what a killed run left


def _running_postgresql() -> str | None:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        server = urlunsplit(urlsplit(given)._replace(scheme="postgres", path="/postgres"))
        if _may_create_databases(server):
            return server
        raise ServiceMissing("the role in DATABASE_URL cannot be used: it must exist and may need CREATEDB.")
    people = dict.fromkeys([os.environ.get("PGUSER", ""), getpass.getuser(), "postgres"])
    hosts = ["127.0.0.1:5432", quote("/var/run/postgresql", safe="")]
    urls = [f"postgres://{person}@{host}/postgres" for host in hosts for person in people if person]
    return next((url for url in urls if _may_create_databases(url)), None)


def _may_create_databases(server: str) -> bool:
    try:
        with psycopg.connect(server, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def _drop_all(server: str, beginning: str) -> None:
    with contextlib.suppress(psycopg.Error), psycopg.connect(server, autocommit=True) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [beginning]
        ).fetchall()
        for (name,) in left:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextlib.contextmanager
def _own_postgresql() -> Iterator[str]:
    programs = _newest_postgresql()
    with _folder_for_servers() as (folder, become):
        data, port = folder / "data", _free_port()
        plain = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        _check([*become, str(programs / "initdb"), "-D", str(data), *plain])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off"
        control = [*become, str(programs / "pg_ctl"), "-D", str(data)]
        _check([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], cwd="/", capture_output=True, check=False)


def _newest_postgresql() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise ServiceMissing(f"PostgreSQL does not run here and is not installed: {_INSTALL}")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


# --- Redis ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def redis(*, databases: int) -> Iterator[list[str]]:
    """Yield the URLs of as many empty databases of one server, which are emptied again."""
    with contextlib.ExitStack() as stack:
        given = os.environ.get("REDIS_URL", "")
        server = given or "redis://127.0.0.1:6379/0"
        if not _answers(server):
            if given:
                raise ServiceMissing("nothing answers at REDIS_URL.")
            server = stack.enter_context(_own_redis())
        numbers = [stack.enter_context(_empty_database(server)) for _ in range(databases)]
        print(f"Redis: {_without_password(server)}, databases {numbers}", file=sys.stderr)
        yield [urlunsplit(urlsplit(server)._replace(path=f"/{number}")) for number in numbers]


def _answers(server: str) -> bool:
    try:
        return bool(Redis.from_url(server, socket_timeout=3, socket_connect_timeout=3).ping())
    except RedisError:
        return False


@contextlib.contextmanager
def _empty_database(server: str) -> Iterator[int]:
    """Claim an empty database: the tests empty theirs as they go, so it must be nobody else's."""
    claims = Redis.from_url(server)
    try:
        count = int(claims.config_get("databases")["databases"])
    except (RedisError, KeyError):  # rented servers hide their configuration
        count = 16
    for number in range(count - 1, 0, -1):
        claim = f"drumsite-test-uses-database-{number}"
        if not claims.set(claim, os.getpid(), nx=True, ex=3600):
            continue
        database = Redis.from_url(urlunsplit(urlsplit(server)._replace(path=f"/{number}")))
        try:
            if database.dbsize() == 0:
                try:
                    yield number
                finally:
                    database.flushdb()
                return
        finally:
            claims.delete(claim)
    raise ServiceMissing("every database of the running Redis is in use; name another server in REDIS_URL.")


@contextlib.contextmanager
def _own_redis() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceMissing(f"Redis does not run here and is not installed: {_INSTALL}")
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="drumsite-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = subprocess.Popen([program, *options, "--dir", folder], stdout=subprocess.DEVNULL)
        url = f"redis://127.0.0.1:{port}/0"
        try:
            deadline = time.monotonic() + _START_TIMEOUT_S
            while not _answers(url):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise ServiceMissing("redis-server is installed but does not start.")
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=10)


# --- Both -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _folder_for_servers() -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and the words before a command; PostgreSQL refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="drumsite-postgresql-") as name:
        if os.geteuid() != 0:
            yield Path(name), []
            return
        people = {entry.pw_name: entry for entry in pwd.getpwall()}
        person = people.get("postgres") or people["nobody"]
        os.chown(name, person.pw_uid, person.pw_gid)
        yield Path(name), ["runuser", "-u", person.pw_name, "--"]


def _check(command: list[str]) -> None:
    # Its own folder may be closed to the user that it becomes.
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()
        raise ServiceMissing(f"PostgreSQL is installed but does not start:\n{said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
