"""The folder of weights on this machine, and where what is not in it comes from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from transcription.core.engines import SHA256_DIGITS, Engine, WeightFile
from transcription.core.models import ENGINES
from transcription.core.own_separators import read_own_separators
from transcription.core.weight_errors import UnknownModel
from transcription.core.weights_store.answers import Patience
from transcription.core.weights_store.sources import SCHEMES, local_path

OWN_ENGINE = "keras-cnn"
_NETWORK_SUFFIXES = frozenset({".h5", ".hdf5", ".keras"})
_SHA256 = re.compile(rf"[0-9a-f]{{{SHA256_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class WeightStore:
    """How this site keeps and fetches weights. Cheap to make; holds nothing open.

    ``mirror_url`` stands in for the base of every published address. ``own_uri`` is the user's own network
    for the engine keras-cnn: a path, or a ``file:``, ``http(s):`` or ``s3:`` address; ``own_sha256`` is what
    it must be, or empty. ``own_separators`` is the text that
    :func:`transcription.core.own_separators.read_own_separators` reads.
    """

    folder: Path
    mirror_url: str = field(default="", repr=False)  # these two may hold passwords
    own_uri: str = field(default="", repr=False)
    own_sha256: str = ""
    own_separators: str = field(default="", repr=False)
    may_fetch: bool = True
    patience: Patience = field(default_factory=Patience)

    def engines(self) -> dict[str, Engine]:
        """Return every engine by name, the user's own networks among them."""
        own = [self._own()] if self.own_uri else []
        own += read_own_separators(self.own_separators)
        return ENGINES | {engine.name: engine for engine in own}

    def engine(self, name: str) -> Engine:
        """Return the engine called ``name``.

        Raises:
            UnknownModel: there is none.
        """
        try:
            return self.engines()[name]
        except KeyError as error:
            raise UnknownModel(name=name[:80], known=sorted(self.engines())) from error

    def place_of(self, file: WeightFile) -> Path:
        """Return where a file lies, or will lie once it is fetched."""
        return file.path or self.folder / file.name

    def url_of(self, file: WeightFile) -> str:
        """Return the address that a file is fetched from here; it may hold a password."""
        if not file.path_at_source or not self.mirror_url:
            return file.base_url + file.path_at_source  # where the user says, the user means
        mirror = urlsplit(self.mirror_url)
        return urlunsplit(mirror._replace(path=f"{mirror.path.rstrip('/')}/{file.path_at_source}"))

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values, passwords and all: for a child process, not for people."""
        return {**asdict(self), "folder": str(self.folder)}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_dict` returned."""
        return cls(**{**given, "folder": Path(given["folder"]), "patience": Patience(**given["patience"])})

    def _own(self) -> Engine:
        digits = self.own_sha256 or hashlib.sha256(self.own_uri.encode()).hexdigest()
        file = WeightFile(name=f"{OWN_ENGINE}-{digits[:8]}{_suffix(self.own_uri)}", sha256=self.own_sha256)
        if is_local(self.own_uri):
            file = replace(file, path=local_path(self.own_uri))
        else:
            file = replace(file, base_url=self.own_uri)
        return replace(
            ENGINES[OWN_ENGINE],
            version=f"own-{digits[:8]}",
            licence="that of your network",
            source="your own network, where MODEL_URI says",
            files=(file,),
        )


def is_local(uri: str) -> bool:
    """Whether ``uri`` is a path, as it is or as a ``file:`` address."""
    return uri.startswith("file:") or "://" not in uri


def is_source(uri: str) -> bool:
    """Whether weights can come from ``uri``."""
    parts = urlsplit(uri)
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.scheme == "file")


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a whole SHA-256, in lower-case hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None


def _suffix(uri: str) -> str:
    suffix = PurePosixPath(urlsplit(uri).path).suffix.lower()
    return suffix if suffix in _NETWORK_SUFFIXES else ".h5"
