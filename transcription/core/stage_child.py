"""The child process that runs stages: started, spoken to and ended by ``transcription.core.stage_process``.

It ends by itself as soon as its parent is gone, even in the middle of a stage.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from accounts.core.errors import DrumError
from media.core.disk import no_room_is_storage_full
from transcription.core.memory import give_back, resident_mb
from transcription.core.nets_config import NetsConfig
from transcription.core.operations import Operation
from transcription.core.result import Finding
from transcription.core.stages import Stage

_REPORT_EVERY_S = 0.1


def _serve(connection: Connection) -> None:
    """Answer requests until the parent is gone."""
    given = json.loads(connection.recv_bytes())
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_requests, args=(connection, requests), daemon=True).start()
    from transcription.core import pipeline  # noqa: F401 - heavy; the parent already waits on the socket
    from transcription.core.nets import Nets

    nets = Nets(NetsConfig.parse(given["nets"]))
    with contextlib.suppress(
        DrumError
    ):  # whatever is wrong with the weights, the stage that needs them says so
        _ = nets.detector  # warm before the first song, not during it
    while True:
        try:
            request = requests.get(timeout=given["idle_s"])
        except queue.Empty:
            nets.let_go_if_short()
            continue
        answer = _run(connection, nets, request)
        give_back()  # with KEEP_MEMORY the C library would hold on to what the stage has freed
        _send(connection, answer | {"memory_mb": resident_mb()})


def _read_requests(connection: Connection, requests: queue.Queue[dict[str, Any]]) -> None:
    try:
        while True:
            requests.put(json.loads(connection.recv_bytes()))
    except (OSError, EOFError):
        os._exit(0)  # the parent is gone; whatever is being computed has no reader


def _run(connection: Connection, nets: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    from transcription.core import pipeline
    from transcription.core.options import JobOptions

    last_report = 0.0

    def report(fraction: float) -> None:
        nonlocal last_report
        if time.monotonic() - last_report >= _REPORT_EVERY_S:
            last_report = time.monotonic()
            _send(connection, {"type": "progress", "fraction": min(1.0, max(0.0, float(fraction)))})

    started = time.monotonic()
    try:
        context = pipeline.StageContext(
            inputs={name: Path(path) for name, path in request["inputs"].items()},
            output_dir=Path(request["output_dir"]),
            options=JobOptions.parse(request["options"]),
            limits=pipeline.Limits(request["minimum_s"], request["maximum_s"]),
            nets=nets,
            report=report,
            earlier_warnings=tuple(Finding(w["code"], w["message"]) for w in request["warnings"]),
            operation=Operation(request["operation"]),
        )
        with no_room_is_storage_full():
            outcome = pipeline.STAGE_FUNCTIONS[Stage(request["stage"])](context)
    except DrumError as error:
        details = {key: value for key, value in error.details.items() if _is_plain(value)}
        return {
            "type": "refused",
            "code": error.code,
            "message": str(error),
            "hint": error.hint,
            "details": details,
        }
    except Exception:
        return {"type": "broke", "traceback": traceback.format_exc()}
    return {
        "type": "done",
        "warnings": [warning.as_dict() for warning in outcome.warnings],
        "engine": outcome.engine,
        "is_final": outcome.is_final,
        "seconds": time.monotonic() - started,
    }


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _send(connection: Connection, message: Mapping[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve(Connection(int(sys.argv[1])))
