"""``manage.py models``: which networks there are, and their weights on this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandParser

from accounts.core.errors import DrumError
from transcription.core.engines import Engine
from transcription.core.weights_store.ensuring import FetchProgress, ensure_weights
from transcription.core.weights_store.states import EngineState
from transcription.core.weights_store.store import WeightStore
from transcription.core.weights_store.upkeep import Verdict, prune, verify_files, was_fetched
from transcription.weights import engines_here, weight_store

_INTERRUPTED = 130
# Where nobody watches, a line this often.
_LINE_EVERY_S = 10.0


class Command(BaseCommand):
    """Lists, fetches, verifies and prunes the weights of engines and separation models."""

    help = "Which engines there are, and their weights: list, fetch, verify, prune."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the acts and their options."""
        acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
        acts.add_parser("list", help="name, task, version, licence, size, and whether the weights are here")
        fetch = acts.add_parser("fetch", help="bring weights here before they are needed")
        which = fetch.add_mutually_exclusive_group(required=True)
        which.add_argument("names", nargs="*", metavar="NAME", default=[], help="as `list` names them")
        which.add_argument("--all", action="store_true", help="all that are fetched: some 2.4 GB")
        fetch.add_argument("--drums", action="store_true", help="of a bag, only what the drums need")
        fetch.add_argument(
            "--anew", action="store_true", help="also what is here: its source was changed on purpose"
        )
        verify = acts.add_parser("verify", help="read every file again; 1 if one is damaged or missing")
        verify.add_argument("names", nargs="*", metavar="NAME", help="default: all that should be here")
        remove = acts.add_parser("prune", help="remove old versions and downloads that nobody went on with")
        remove.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one act; the exit status is 1 when something is not as it should be."""
        acts: dict[str, Callable[[dict[str, Any]], bool]] = {
            "list": self._list,
            "fetch": self._fetch,
            "verify": self._verify,
            "prune": self._prune,
        }
        try:
            is_well = acts[options["act"]](options)
        except DrumError as error:
            self._refuse(error)
            is_well = False
        if not is_well:
            sys.exit(1)

    def _list(self, options: dict[str, Any]) -> bool:
        rows = [("NAME", "TASK", "VERSION", "LICENCE", "SIZE", "HERE", "STATUS")]
        rows += [_row(state) for state in engines_here()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            self.stdout.write(
                "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            )
        self.stdout.write(f"Fetched weights lie in {weight_store().folder}")
        return True

    def _fetch(self, options: dict[str, Any]) -> bool:
        store = weight_store()
        names = options["names"]
        if options["all"]:
            names = [engine.name for engine in store.engines().values() if engine.is_fetched]
        is_well = True
        for name in names:
            try:
                self._fetch_one(store.engine(name), store, drums=options["drums"], anew=options["anew"])
            except DrumError as error:
                self._refuse(error)
                is_well = False
            except KeyboardInterrupt:
                self.stderr.write("Stopped. The next fetch goes on from here.")
                sys.exit(_INTERRUPTED)
        return is_well

    def _fetch_one(self, engine: Engine, store: WeightStore, *, drums: bool, anew: bool) -> None:
        line = _ProgressLine(sys.stderr, engine.name)
        try:
            found = ensure_weights(
                engine.name, store, line.show, parts=engine.for_drums if drums else (), insist=True, anew=anew
            )
        finally:
            line.end()
        for path, sha256 in zip(found.paths, found.sha256s, strict=True):
            self.stdout.write(f"{engine.name}: {path} (SHA-256 {sha256}, licence: {engine.licence})")

    def _verify(self, options: dict[str, Any]) -> bool:
        store = weight_store()
        engines = [store.engine(name) for name in options["names"]]
        if not engines:
            engines = [engine for engine in store.engines().values() if was_fetched(engine, store)]
        checked = verify_files(engines, store)
        for one in checked:
            self.stdout.write(f"{one.verdict.value:8} {one.engine.name}: {one.place} {one.sha256}".rstrip())
        return all(one.verdict in {Verdict.INTACT, Verdict.UNKNOWN} for one in checked)

    def _prune(self, options: dict[str, Any]) -> bool:
        gone = prune(weight_store(), dry_run=options["dry_run"])
        for one in gone:
            self.stdout.write(f"{one.path} ({one.reason})")
        verb = "would go" if options["dry_run"] else "went"
        megabytes = sum(one.size_bytes for one in gone) / 1e6
        self.stdout.write(f"{len(gone)} files {verb}, {megabytes:.1f} MB.")
        return True

    def _refuse(self, error: DrumError) -> None:
        self.stderr.write(f"{error} {error.hint} [{error.code}]")


def _row(state: EngineState) -> tuple[str, ...]:
    engine = state.engine
    size = "?" if state.size_bytes is None else f"{state.size_bytes / 1e6:.1f} MB"
    verified = sum(file.is_verified for file in state.files)
    here = f"{state.present}/{len(state.files)}, {verified} verified" if state.present else "no"
    status = f"{state.standing.value}: {state.reason}" if state.reason else state.standing.value
    return engine.name, engine.task, engine.version, engine.licence, size, here, status


class _ProgressLine:
    """How far a fetch is: one line that moves in a terminal, a line now and then elsewhere."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._moves = stream.isatty()
        self._next_s = 0.0
        self._has_line = False

    def show(self, progress: FetchProgress) -> None:
        """Tell of ``progress``."""
        now = time.monotonic()
        if not self._moves and now < self._next_s:
            return
        self._next_s = now + _LINE_EVERY_S
        total = f" of {progress.total_bytes / 1e6:.1f}" if progress.total_bytes else ""
        here = f"{progress.file}: {progress.done_bytes / 1e6:.1f}{total} MB"
        text = f"{self._name} {progress.fraction:4.0%}  {here}"
        self._stream.write(f"\r\x1b[K{text}" if self._moves else f"{text}\n")
        self._stream.flush()
        self._has_line = self._moves

    def end(self) -> None:
        """Leave the line standing."""
        if self._has_line:
            self._stream.write("\n")
            self._stream.flush()
