"""One file from its source into a ``.part`` file: taken up again where it was cut."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Self

from media.core.disk import no_room_is_storage_full
from media.core.errors import StorageFull
from transcription.core.weights_store.answers import Answer, Patience, Source, Transient

PART_SUFFIX = ".part"
PART_STATE_SUFFIX = ".part.json"
_PIECE_BYTES = 256 * 1024
_REPORT_EVERY_S = 0.1
_LOOK_EVERY_S = 0.2

Heard = Callable[[int, int | None], None]


class GaveUp(Exception):
    """The source did not give the whole file in the time and the attempts that it had."""


@dataclass(frozen=True, slots=True)
class PartState:
    """What the ``.part`` file is a part of, kept beside it: other processes and later attempts read it."""

    source: str = ""
    validator: str = ""
    total_bytes: int | None = None

    @classmethod
    def read(cls, part: Path) -> Self:
        """Return the state of the file at ``part``; the empty one when there is none that can be read."""
        try:
            return cls(**json.loads(state_path(part).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, part: Path) -> None:
        """Keep it beside the file at ``part``."""
        fresh = part.with_name(f"{part.name}.new")
        fresh.write_text(json.dumps(asdict(self)), "utf-8")
        fresh.replace(state_path(part))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to download: under what name its source is remembered, and whether its hash is known.

    Without a hash, a part is taken up again only when the source can say that its file is still the same.
    """

    source: Source
    source_name: str
    hash_is_known: bool


def state_path(part: Path) -> Path:
    """Return where the state of the file at ``part`` lies."""
    return part.with_name(f"{part.name.removesuffix(PART_SUFFIX)}{PART_STATE_SUFFIX}")


def bytes_of(path: Path) -> int:
    """Return how long the file at ``path`` is by now; 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def discard(part: Path) -> None:
    """Remove a part and its state."""
    part.unlink(missing_ok=True)
    state_path(part).unlink(missing_ok=True)


def download(wanted: Wanted, part: Path, patience: Patience, heard: Heard) -> bool:
    """Bring the whole file to ``part``; say whether some of it came from an earlier attempt.

    Args:
        heard: called about ten times a second with the bytes that are there and those there will be, also
            between attempts; what it raises ends the work, and the part stays to be taken up again.
    Raises:
        GaveUp: the source did not give it in the time and attempts that ``patience`` allows.
        Refused: the source has no such file for us.
        StorageFull: there is no room for it; the part is gone too.
    """
    deadline = time.monotonic() + patience.total_s
    taken_up = False
    in_vain = 0
    furthest = bytes_of(part)
    while True:
        begin = bytes_of(part) if _is_part_of(part, wanted) else 0
        taken_up = taken_up or begin > 0
        try:
            _attempt(wanted, part, begin, deadline, heard)
            return taken_up
        except Transient as trouble:
            here = bytes_of(part)
            in_vain = 0 if here > furthest else in_vain + 1
            furthest = max(furthest, here)
            wait_s = min(patience.longest_wait_s, max(trouble.wait_s, patience.first_wait_s * 2**in_vain))
            if in_vain >= patience.attempts or time.monotonic() + wait_s > deadline:
                raise GaveUp(str(trouble)) from trouble
            _wait(wait_s, partial(heard, here, PartState.read(part).total_bytes))
        except StorageFull:
            discard(part)  # half a file helps nobody, and its room does
            raise


def _is_part_of(part: Path, wanted: Wanted) -> bool:
    state = PartState.read(part)
    return state.source == wanted.source_name and bool(state.validator or wanted.hash_is_known)


def _attempt(wanted: Wanted, part: Path, begin: int, deadline: float, heard: Heard) -> None:
    state = PartState.read(part)
    if begin and begin == state.total_bytes:
        return  # all there; whoever fetched it did not come to the end
    answer = wanted.source.open(begin, state.validator if begin else "")
    try:
        if answer.total_bytes is None and not wanted.hash_is_known:
            raise GaveUp("it does not say how long the file is, and its SHA-256 is not known")
        _need_room(part, answer)
        with no_room_is_storage_full():
            PartState(wanted.source_name, answer.validator, answer.total_bytes).write(part)
        _write(answer, part, deadline, heard)
    finally:
        answer.close()
    here = bytes_of(part)
    if answer.total_bytes is not None and here != answer.total_bytes:
        raise Transient(f"the connection ended after {here} of {answer.total_bytes} bytes")


def _write(answer: Answer, part: Path, deadline: float, heard: Heard) -> None:
    here = answer.offset
    next_report = 0.0
    with no_room_is_storage_full(), part.open("r+b" if here else "wb", buffering=0) as file:
        file.seek(here)
        file.truncate()
        while piece := answer.read(_PIECE_BYTES):
            here += _write_all(file.fileno(), piece)
            if time.monotonic() > deadline:
                raise GaveUp("it took too long")
            if time.monotonic() >= next_report:
                next_report = time.monotonic() + _REPORT_EVERY_S
                heard(here, answer.total_bytes)
        os.fsync(file.fileno())
    heard(here, answer.total_bytes)


def _write_all(handle: int, piece: bytes) -> int:
    view = memoryview(piece)
    while view:  # a write may be short: on a nearly full disk it is, before it fails
        view = view[os.write(handle, view) :]
    return len(piece)


def _need_room(part: Path, answer: Answer) -> None:
    if answer.total_bytes is None:
        return
    gone = max(0, bytes_of(part) - answer.offset)  # is cut off before anything is written
    if answer.total_bytes - answer.offset > shutil.disk_usage(part.parent).free + gone:
        raise StorageFull


def _wait(seconds: float, meanwhile: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        meanwhile()
        time.sleep(min(left, _LOOK_EVERY_S))
