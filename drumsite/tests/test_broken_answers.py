"""Answers that fail on the way, through the real server in a process of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

PROGRAM = """
import sys
from django.conf import settings
settings.configure(UPLOAD_MAX_MB=1, BATCH_MAX_MB=1)
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from drumsite import daphne_requests

async def site(scope, receive, send):
    if scope["path"] != "/early":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
    if scope["path"] != "/whole":
        raise FileNotFoundError
    await send({"type": "http.response.body", "body": b" and half"})

daphne_requests.install()
where = build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1]))
Server(site, endpoints=where, signal_handlers=False).run()
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(settings.BASE_DIR)}
    server = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], env=environment)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.kill()
        server.wait(20)


def answer_to(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_an_answer_that_fails_on_the_way_is_cut_and_the_next_ones_are_well(port: int) -> None:
    for _ in range(2):
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            answer_to(port, "/broken")

    assert answer_to(port, "/whole") == (200, b"half and half")
    assert answer_to(port, "/early")[0] == 500
