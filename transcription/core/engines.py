"""What an engine is: a network's name, task, licence, the files of its weights and what it needs to run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of weights: shipped or local (``path``), or fetched from ``base_url`` + ``path_at_source``.

    ``name`` is what it is called in ``MODEL_DIR``. ``sha256`` has all 64 digits, or the first ones where the
    maker publishes no more, or none where nothing is known. ``size_bytes`` is told for people and for the
    room on disk; it is never a reason to refuse a file.
    """

    name: str
    sha256: str = ""
    size_bytes: int | None = None
    base_url: str = field(default="", repr=False)  # may hold a password
    path_at_source: str = field(default="", repr=False)
    path: Path | None = None

    @property
    def is_fetched(self) -> bool:
        """Whether it comes from elsewhere."""
        return self.path is None

    @property
    def part(self) -> str:
        """The name by which one file of several is asked for: ``f7e0c4bc``."""
        return self.name.split("-", 1)[0].split(".", 1)[0]

    def is_that_of(self, sha256: str) -> bool:
        """Whether ``sha256``, all its digits, is what was published."""
        return sha256.startswith(self.sha256)


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package that an engine runs on, and how it is installed."""

    module: str
    title: str
    installed_by: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One network and its weights: one file, or the several of a bag, in the bag's order.

    ``source`` says to people where the weights come from. ``for_drums`` names the parts of a bag that the
    drums stem is made of; empty: all.
    """

    name: str
    task: str
    version: str
    licence: str
    source: str
    files: tuple[WeightFile, ...] = ()
    packages: tuple[Package, ...] = ()
    for_drums: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version as results record them: ``crnn 2.0``."""
        return f"{self.name} {self.version}"

    @property
    def size_bytes(self) -> int | None:
        """Bytes of all files; ``None`` when one of them is not known."""
        sizes = [file.size_bytes for file in self.files]
        return None if None in sizes or not sizes else sum(size for size in sizes if size is not None)

    @property
    def sha256(self) -> str:
        """What was published of its one file; for a bag, the sum over what was published of each."""
        if len(self.files) <= 1:
            return "".join(file.sha256 for file in self.files)
        return hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()

    @property
    def path(self) -> Path | None:
        """Where its one file lies, if it is not fetched."""
        return self.files[0].path if len(self.files) == 1 else None

    @property
    def is_fetched(self) -> bool:
        """Whether any of its files comes from elsewhere."""
        return any(file.is_fetched for file in self.files)

    def files_of(self, parts: tuple[str, ...]) -> tuple[WeightFile, ...]:
        """Return the files of the named parts, in the bag's order; all of them when none is named.

        Raises:
            KeyError: it has no such part.
        """
        for part in parts:
            if part not in {file.part for file in self.files}:
                raise KeyError(part)
        return tuple(file for file in self.files if not parts or file.part in parts)
