"""The weights that a stage needs: here, whole and verified when the call returns, or a reason why not."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from media.core.disk import no_room_is_storage_full
from media.core.errors import StorageFull
from transcription.core.engines import Engine, WeightFile
from transcription.core.weight_errors import (
    UnknownModel,
    WeightsDamaged,
    WeightsFetchingDisabled,
    WeightsMissing,
    WeightsNotFound,
    WeightsUnreachable,
)
from transcription.core.weights_store.answers import Refused, shown
from transcription.core.weights_store.download import (
    PART_SUFFIX,
    GaveUp,
    PartState,
    Wanted,
    bytes_of,
    discard,
    download,
)
from transcription.core.weights_store.locks import only_one
from transcription.core.weights_store.receipts import Receipt, sha256_of
from transcription.core.weights_store.sources import source_of
from transcription.core.weights_store.store import WeightStore

LOCK_SUFFIX = ".lock"
IN_VAIN_SUFFIX = ".unreachable"
_NOT_OURS_TO_WRITE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far the fetching of an engine's weights is: of one ``file``, and as a ``fraction`` of all, 0..1.

    Bytes grow while another process fetches, too. ``total_bytes`` is ``None`` when nobody says.
    """

    file: str
    done_bytes: int
    total_bytes: int | None
    fraction: float


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """Verified files, in the order of the engine's own, and the SHA-256 that each of them has."""

    engine: Engine
    paths: tuple[Path, ...]
    sha256s: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The one file of an engine that has one."""
        (path,) = self.paths
        return path

    @property
    def fingerprint(self) -> str:
        """What tells these weights from all others, as 64 hexadecimal digits."""
        if len(self.sha256s) == 1:
            return self.sha256s[0]
        return hashlib.sha256("".join(self.sha256s).encode()).hexdigest()


Report = Callable[[FetchProgress], None]


def quiet(progress: FetchProgress) -> None:
    """Report to nobody."""


def ensure_weights(
    name: str,
    store: WeightStore,
    report: Report = quiet,
    *,
    parts: tuple[str, ...] = (),
    insist: bool = False,
    anew: bool = False,
) -> WeightFiles:
    """Return the verified weights of the engine ``name``, fetching what is not here.

    Every file is read and hashed at each call: call it once where a network is loaded. Many processes may
    call it at once; one fetches, the others wait for it.

    Args:
        report: called about ten times a second while something is fetched, by this process or another; what
            it raises ends the work. Nothing is reported when everything is here.
        parts: names of files of a bag, such as ``engine.for_drums``; empty: all.
        insist: ask a source that was just asked in vain.
        anew: fetch again what was fetched earlier, and believe what comes, as far as nothing else was
            published; what is here stays until that is whole.
    Raises:
        UnknownModel: no engine, or no part of it, has this name.
        WeightsMissing: a shipped or local file is not there, or no network was given.
        WeightsDamaged: a file's SHA-256 is not what was published, or not what it was at first.
        WeightsUnreachable: nobody answered to the end.
        WeightsNotFound: the source has no such file.
        WeightsFetchingDisabled: it would have to be fetched, and this site never does.
        StorageFull: there is no room for it.
    """
    engine = store.engine(name)
    try:
        files = engine.files_of(parts)
    except KeyError as error:
        raise UnknownModel(name=f"{name}/{error.args[0]}"[:80]) from error
    if not files:
        raise WeightsMissing(name=name)
    found: list[tuple[Path, str]] = []
    for number, file in enumerate(files):
        if not file.is_fetched:
            found.append(_verified_here(engine, file))
            continue
        heard = _share(report, file, number, len(files))
        found.append(_Fetch(engine, file, store, heard, insist or anew, anew).ensured())
    return WeightFiles(engine, tuple(path for path, _ in found), tuple(sha256 for _, sha256 in found))


def _share(report: Report, file: WeightFile, number: int, count: int) -> Callable[[int, int | None], None]:
    def heard(done: int, total: int | None) -> None:
        total = total or file.size_bytes
        within = min(1.0, done / total) if total else 0.0
        report(FetchProgress(file.name, done, total, (number + within) / count))

    return heard


def _verified_here(engine: Engine, file: WeightFile) -> tuple[Path, str]:
    assert file.path is not None
    try:
        sha256 = sha256_of(file.path)
    except OSError as error:
        raise WeightsMissing(name=engine.name) from error
    if not file.is_that_of(sha256):
        raise WeightsDamaged(name=engine.name, file=file.name)
    return file.path, sha256


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One file that comes from elsewhere."""

    engine: Engine
    file: WeightFile
    store: WeightStore
    heard: Callable[[int, int | None], None]
    insist: bool
    anew: bool

    @property
    def place(self) -> Path:
        return self.store.place_of(self.file)

    def ensured(self) -> tuple[Path, str]:
        sha256 = self._wanted_here()  # without the lock: the folder may be one that we can only read
        if sha256 is not None:
            return self.place, sha256
        if not self.store.may_fetch:
            is_damaged = self.place.exists() and not self.anew
            error = WeightsDamaged if is_damaged else WeightsFetchingDisabled
            raise error(name=self.engine.name, file=self.file.name)
        part = self._beside(PART_SUFFIX)
        deadline = time.monotonic() + self.store.patience.total_s

        def while_waiting() -> None:
            if time.monotonic() > deadline:
                raise self._unreachable("another process has been fetching them for too long")
            self.heard(bytes_of(part), PartState.read(part).total_bytes)

        with ExitStack() as stack:
            try:
                with no_room_is_storage_full():
                    self.store.folder.mkdir(parents=True, exist_ok=True)
                    stack.enter_context(only_one(self._beside(LOCK_SUFFIX), while_waiting))
            except OSError as error:
                if error.errno in _NOT_OURS_TO_WRITE:
                    raise self._unreachable("MODEL_DIR may not be written to") from error
                raise
            if self.anew:
                discard(part)
            sha256 = self._wanted_here()  # somebody may have fetched it meanwhile
            return self.place, sha256 or self._fetch(part)

    def _wanted_here(self) -> str | None:
        """Return the SHA-256 of the file in the folder, if it is there and right, and not wanted anew."""
        if self.anew:
            return None
        try:
            sha256 = sha256_of(self.place)
        except OSError:
            return None
        receipt = self._receipt()
        if not self._is_right(sha256):
            return None
        if receipt is None and not self.file.sha256:
            return None  # nobody ever said what it must be
        if receipt is None or not receipt.is_of(self.place):
            with suppress(OSError, StorageFull):  # a note for later, and the folder may be read-only
                Receipt.of(self.place, sha256, receipt.source if receipt else "found here").write(self.place)
        return sha256

    def _fetch(self, part: Path) -> str:
        in_vain = self._beside(IN_VAIN_SUFFIX)
        if not self.insist and _asked_in_vain(in_vain, self._source, self.store.patience.quiet_s):
            raise self._unreachable("it did not answer a few minutes ago")
        try:
            sha256 = self._downloaded(part)
        except GaveUp as error:
            with suppress(OSError):
                in_vain.write_text(self._source, "utf-8")
            raise self._unreachable(str(error)) from error
        except Refused as error:
            discard(part)
            raise WeightsNotFound(name=self.engine.name, source=self._source, reason=str(error)) from error
        with no_room_is_storage_full():
            part.replace(self.place)
            Receipt.of(self.place, sha256, self._source).write(self.place)
        discard(part)
        in_vain.unlink(missing_ok=True)
        return sha256

    def _downloaded(self, part: Path) -> str:
        """Fetch until the part is whole and right; return its SHA-256."""
        url, patience = self.store.url_of(self.file), self.store.patience
        wanted = Wanted(source_of(url, patience), self._source, bool(self.file.sha256))
        # Two halves of two files make a wrong one, through no fault of the second: once more, from its start.
        for _ in range(2):
            was_taken_up = download(wanted, part, patience, self.heard)
            sha256 = sha256_of(part)
            if self._is_right(sha256):
                return sha256
            discard(part)
            if not was_taken_up:
                break
        raise WeightsDamaged(name=self.engine.name, file=self.file.name, source=self._source)

    def _receipt(self) -> Receipt | None:
        """Return what the file was when it was fetched first; nothing when it is wanted anew."""
        return None if self.anew else Receipt.that_holds(self.place, self.file)

    def _is_right(self, sha256: str) -> bool:
        """Whether ``sha256`` is what was published, and what it was at first."""
        receipt = self._receipt()
        return self.file.is_that_of(sha256) and (receipt is None or receipt.sha256 == sha256)

    def _unreachable(self, reason: str) -> WeightsUnreachable:
        return WeightsUnreachable(name=self.engine.name, source=self._source, reason=reason)

    @property
    def _source(self) -> str:
        return shown(self.store.url_of(self.file))

    def _beside(self, suffix: str) -> Path:
        return self.place.with_name(f"{self.place.name}{suffix}")


def _asked_in_vain(mark: Path, source: str, within_s: float) -> bool:
    """Whether ``source`` did not answer a moment ago; another mirror may be asked at once."""
    try:
        return time.time() - mark.stat().st_mtime < within_s and mark.read_text("utf-8") == source
    except OSError:
        return False
