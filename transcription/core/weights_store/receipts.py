"""What is remembered of a fetched file, beside it: ``NAME.receipt.json``."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from media.core.disk import no_room_is_storage_full
from transcription.core.engines import WeightFile

RECEIPT_SUFFIX = ".receipt.json"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a file was when it was found right: later changes are noticed by it.

    ``size_bytes`` and ``mtime_ns`` tell, without reading the file, whether it is still the one.
    """

    sha256: str
    size_bytes: int
    mtime_ns: int
    source: str
    verified_at: str

    @classmethod
    def of(cls, path: Path, sha256: str, source: str) -> Self:
        """Describe the file at ``path``, whose SHA-256 was just found to be ``sha256``."""
        found = path.stat()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(sha256, found.st_size, found.st_mtime_ns, source, now)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the receipt of the file at ``path``; ``None`` when there is none that can be read."""
        try:
            content = json.loads(receipt_path(path).read_text("utf-8"))
            return cls(**content)
        except (OSError, ValueError, TypeError):
            return None

    @classmethod
    def that_holds(cls, path: Path, file: WeightFile) -> Self | None:
        """Return the receipt of ``file`` at ``path``; one of an earlier version of it counts no more."""
        receipt = cls.read(path)
        return receipt if receipt is not None and file.is_that_of(receipt.sha256) else None

    def write(self, path: Path) -> None:
        """Keep it for the file at ``path``."""
        target = receipt_path(path)
        partial = target.with_name(f"{target.name}.new")
        with no_room_is_storage_full():
            partial.write_text(json.dumps(asdict(self), indent=1), "utf-8")
            partial.replace(target)

    def is_of(self, path: Path) -> bool:
        """Whether the file is, by size and time, the one that was verified."""
        with suppress(OSError):
            found = path.stat()
            return (found.st_size, found.st_mtime_ns) == (self.size_bytes, self.mtime_ns)
        return False


def receipt_path(path: Path) -> Path:
    """Return where the receipt of the file at ``path`` lies."""
    return path.with_name(f"{path.name}{RECEIPT_SUFFIX}")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
