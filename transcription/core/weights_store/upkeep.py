"""Looking after the folder of weights: are they still whole, and what is nobody's any more."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from transcription.core.engines import Engine, WeightFile
from transcription.core.weights_store.download import PART_STATE_SUFFIX, PART_SUFFIX, PartState
from transcription.core.weights_store.ensuring import IN_VAIN_SUFFIX, LOCK_SUFFIX
from transcription.core.weights_store.locks import is_held, try_to_remove
from transcription.core.weights_store.receipts import RECEIPT_SUFFIX, Receipt, receipt_path, sha256_of
from transcription.core.weights_store.store import WeightStore

# A part that nobody went on with for so long is not waited for any more. Chosen by judgement.
STALE_AFTER_S = 86_400.0


class Verdict(StrEnum):
    """What the reading of a file says."""

    INTACT = "intact"
    DAMAGED = "damaged"
    MISSING = "missing"
    UNKNOWN = "unknown"  # whole or not: nobody ever said what it must be


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, read and compared with what was published and with what it was at first."""

    engine: Engine
    file: WeightFile
    place: Path
    verdict: Verdict
    sha256: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """A file that was, or would be, removed, and why."""

    path: Path
    size_bytes: int
    reason: str


def verify_files(engines: Iterable[Engine], store: WeightStore) -> tuple[Checked, ...]:
    """Read every file of ``engines``, and say how it is. Changes nothing."""
    return tuple(_check(engine, file, store) for engine in engines for file in engine.files)


def was_fetched(engine: Engine, store: WeightStore) -> bool:
    """Whether any of its files should be here: shipped, local, or fetched once."""
    return any(
        not file.is_fetched
        or store.place_of(file).exists()
        or Receipt.that_holds(store.place_of(file), file) is not None
        for file in engine.files
    )


def _check(engine: Engine, file: WeightFile, store: WeightStore) -> Checked:
    place = store.place_of(file)
    try:
        sha256 = sha256_of(place)
    except OSError:
        return Checked(engine, file, place, Verdict.MISSING, "")
    receipt = Receipt.that_holds(place, file) if file.is_fetched else None
    if not file.is_that_of(sha256) or (receipt is not None and receipt.sha256 != sha256):
        verdict = Verdict.DAMAGED
    elif receipt is None and not file.sha256:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.INTACT
    return Checked(engine, file, place, verdict, sha256)


def prune(store: WeightStore, *, dry_run: bool = False, now: float | None = None) -> tuple[Pruned, ...]:
    """Remove what we put into the folder and no engine refers to any more; say what went.

    Files that we did not fetch, such as a network that somebody keeps there, have no receipt and stay; so
    does everything that another process is working on.

    Args:
        dry_run: remove nothing, and say what would go.
        now: seconds since 1970, for the age of parts; default: this moment.
    """
    if not store.folder.is_dir():
        return ()
    names = {file.name for engine in store.engines().values() for file in engine.files if file.is_fetched}
    now = time.time() if now is None else now
    gone: list[Pruned] = []
    for path in sorted(store.folder.iterdir()):
        with suppress(FileNotFoundError):  # somebody just finished with it
            weights, reason = _why_it_may_go(path, names, now)
            if not reason or is_held(_lock_of(weights)):
                continue
            for condemned in (weights, path) if path == receipt_path(weights) else (path,):
                if condemned.exists():
                    gone.append(Pruned(condemned, condemned.stat().st_size, reason))
                    if not dry_run:
                        _remove(condemned)
    return tuple(gone)


def _why_it_may_go(path: Path, names: set[str], now: float) -> tuple[Path, str]:
    """Return the weights that a file of the folder belongs to, and why it may go; empty: it stays."""
    for suffix in (PART_STATE_SUFFIX, PART_SUFFIX, RECEIPT_SUFFIX, IN_VAIN_SUFFIX, LOCK_SUFFIX):
        if not path.name.endswith(suffix):
            continue
        weights = path.with_name(path.name.removesuffix(suffix))
        if suffix in {PART_SUFFIX, PART_STATE_SUFFIX}:
            ours = PartState.read(weights.with_name(f"{weights.name}{PART_SUFFIX}")) != PartState()
            is_stale = now - path.stat().st_mtime > STALE_AFTER_S
            return weights, "a download that nobody went on with" if ours and is_stale else ""
        is_others_lock = suffix == LOCK_SUFFIX and path.stat().st_size > 0  # ours are empty
        if weights.name in names or is_others_lock:
            return weights, ""
        return weights, "of no engine any more"
    return path, ""


def _lock_of(weights: Path) -> Path:
    return weights.with_name(f"{weights.name}{LOCK_SUFFIX}")


def _remove(path: Path) -> None:
    if path.name.endswith(LOCK_SUFFIX):
        try_to_remove(path)
    else:
        path.unlink(missing_ok=True)
