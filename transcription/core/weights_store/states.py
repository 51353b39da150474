"""How an engine stands on this machine, without loading or fetching anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from transcription.core.engines import Engine, WeightFile
from transcription.core.weights_store.receipts import Receipt, sha256_of
from transcription.core.weights_store.store import OWN_ENGINE, WeightStore


class Standing(StrEnum):
    """Whether a job may ask for an engine."""

    READY = "ready"
    FETCHED_ON_USE = "fetched_on_use"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FileState:
    """One file: where it is or will be, and whether it is the right one.

    ``is_verified``: its hash was found right, and by size and time it has not changed since.
    """

    file: WeightFile
    place: Path
    size_bytes: int | None
    is_present: bool
    is_verified: bool


@dataclass(frozen=True, slots=True)
class EngineState:
    """One engine: its files, whether it can be used, and if not at once, a sentence that says why."""

    engine: Engine
    files: tuple[FileState, ...]
    standing: Standing
    reason: str

    @property
    def is_available(self) -> bool:
        """Whether a job may ask for it: now, or once its weights have come by themselves."""
        return self.standing is not Standing.UNAVAILABLE

    @property
    def size_bytes(self) -> int | None:
        """Bytes of all its files, as far as every one of them is known."""
        sizes = [state.size_bytes for state in self.files]
        return None if None in sizes or not sizes else sum(size for size in sizes if size is not None)

    @property
    def present(self) -> int:
        """How many of its files are here."""
        return sum(state.is_present for state in self.files)


def engine_states(store: WeightStore, has_module: Callable[[str], bool]) -> tuple[EngineState, ...]:
    """Return how every engine stands.

    Args:
        has_module: whether Python finds a package of that name, without importing it.
    """
    return tuple(engine_state(engine, store, has_module) for engine in store.engines().values())


def engine_state(engine: Engine, store: WeightStore, has_module: Callable[[str], bool]) -> EngineState:
    """Return how one engine stands; see :func:`engine_states`."""
    files = tuple(_file_state(file, store) for file in engine.files)
    standing, reason = _standing(engine, files, store, has_module)
    return EngineState(engine, files, standing, reason)


def known_sha256(engine: Engine, store: WeightStore) -> str:
    """Return what tells the weights of ``engine`` from all others; empty where nobody can say yet.

    That is what was published of them; of a network of the user's own of which nothing was, what is here now.
    """
    if engine.sha256:
        return engine.sha256
    (file,) = engine.files
    place = store.place_of(file)
    try:
        found = place.stat()
        if file.path is not None:
            return _remembered_sha256(place, found.st_size, found.st_mtime_ns)
    except OSError:
        return ""
    receipt = Receipt.that_holds(place, file)
    return receipt.sha256 if receipt is not None and receipt.is_of(place) else ""


def _standing(
    engine: Engine, files: tuple[FileState, ...], store: WeightStore, has_module: Callable[[str], bool]
) -> tuple[Standing, str]:
    for package in engine.packages:
        if not has_module(package.module):
            return Standing.UNAVAILABLE, f"{package.title} is not installed: {package.installed_by}"
    needed = [state for state in files if not engine.for_drums or state.file.part in engine.for_drums]
    for state in needed:
        if state.file.is_fetched:
            continue
        if not state.is_present:
            return Standing.UNAVAILABLE, _gone(engine)
        if not state.is_verified:
            return Standing.UNAVAILABLE, "The weights are damaged: manage.py models verify"
    if all(state.is_verified for state in needed):
        return Standing.READY, ""
    if not store.may_fetch and not all(state.is_present for state in needed):
        return Standing.UNAVAILABLE, "The weights are not here, and fetching is switched off: MODEL_FETCH=0"
    if all(state.is_present for state in needed):
        return Standing.READY, "The weights are verified on first use."
    return Standing.FETCHED_ON_USE, "The weights are fetched on first use."


def _gone(engine: Engine) -> str:
    if engine.name == OWN_ENGINE:
        return "There is no network where MODEL_URI says."
    return "The weights are missing: install drumsite again."


def _file_state(file: WeightFile, store: WeightStore) -> FileState:
    place = store.place_of(file)
    try:
        found = place.stat()
    except OSError:
        return FileState(file, place, file.size_bytes, is_present=False, is_verified=False)
    if file.path is not None:
        try:
            verified = file.is_that_of(_remembered_sha256(place, found.st_size, found.st_mtime_ns))
        except OSError:  # it is there, and may not be read
            verified = False
    else:
        receipt = Receipt.that_holds(place, file)
        verified = receipt is not None and receipt.is_of(place)
    return FileState(file, place, found.st_size, is_present=True, is_verified=verified)


@lru_cache(maxsize=64)
def _remembered_sha256(path: Path, size_bytes: int, mtime_ns: int) -> str:
    # Shipped and local files are few and small; each is read once, and again when it changes.
    return sha256_of(path)
