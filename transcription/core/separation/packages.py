"""Demucs' own files in a folder: which there are, whether they are intact, and the network in one of them.

Nothing is fetched, and nothing in a file is run. A ``.th`` file is a pickle: PyTorch's restricted unpickler
reads it, which builds tensors and plain values and refuses all other names. The network's class is one of
those names, so the unpickler is told to hand out a word in its place; the classes stay with us.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import demucs
import torch
import yaml
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors import SafetensorError, safe_open

from transcription.core.separation.errors import SeparatorDamaged, SeparatorMissing, SeparatorRefused

Network = Demucs | HDemucs | HTDemucs

# Every class that Demucs has published weights of; WDemucs is what HDemucs was called in its first release.
_CLASSES: dict[str, type[Network]] = {
    "demucs.demucs.Demucs": Demucs,
    "demucs.hdemucs.HDemucs": HDemucs,
    "demucs.wdemucs.WDemucs": HDemucs,
    "demucs.htdemucs.HTDemucs": HTDemucs,
}
_SUFFIXES = (".safetensors", ".th")  # the first is preferred: it cannot hold anything but tensors and text
_FILE = re.compile(r"(?P<signature>[^-]+)(-(?P<checksum>[0-9a-f]{8,64}))?")
_PUBLISHED = Path(demucs.__file__).parent / "remote"
_REFUSALS = ("nsupported", "blocked", "reduce")  # the unpickler has one class for all its errors
_MOST_MEMBERS = 16
_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class _ClassName:
    """Stands for a network's class in a pickle; unlike the class, it cannot be called from there."""

    path: str


@dataclass(frozen=True, slots=True)
class Bag:
    """Several networks that answer together. ``weights`` has a row for each, a column for each stem."""

    signatures: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...] | None
    segment_s: float | None


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network and the first eight digits of its file's SHA-256."""

    network: Network
    checksum: str


def installed(folder: Path) -> tuple[str, ...]:
    """Return the names of the complete separators in ``folder``, sorted; none where there is no folder."""
    files = _network_files(folder)
    names = set(files)
    for path in folder.glob("*.yaml"):
        try:
            bag = read_bag(folder, path.stem)
        except (SeparatorDamaged, SeparatorMissing):
            continue
        if bag is not None and all(signature in files for signature in bag.signatures):
            names.add(path.stem)
    return tuple(sorted(names))


def read_bag(folder: Path, name: str) -> Bag | None:
    """Read the bag called ``name``, from ``folder`` or as the package knows it; ``None`` when there is none,
    for then ``name`` may be a network's signature.

    Raises:
        SeparatorDamaged: the file is no description of a bag.
    """
    described_in = (*_PUBLISHED.glob("*.yaml"), *folder.glob("*.yaml"))
    path = {file.stem: file for file in described_in}.get(name)
    if path is None:
        return None
    try:
        described = yaml.safe_load(path.read_text("utf-8"))
        signatures = tuple(str(signature) for signature in described["models"])
        rows = described.get("weights")
        weights = None if rows is None else tuple(tuple(float(value) for value in row) for row in rows)
        segment = described.get("segment")
        bag = Bag(signatures, weights, None if segment is None else float(segment))
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SeparatorDamaged(name=name, reason=f"{path.name} describes no bag of networks") from error
    _check_bag(name, bag)
    return bag


def _check_bag(name: str, bag: Bag) -> None:
    if not 0 < len(bag.signatures) <= _MOST_MEMBERS:
        raise SeparatorDamaged(name=name, reason=f"a bag has 1 to {_MOST_MEMBERS} networks")
    if bag.segment_s is not None and not 0 < bag.segment_s < float("inf"):
        raise SeparatorDamaged(name=name, reason="its segments have no length")
    if bag.weights is None:
        return
    columns = {len(row) for row in bag.weights}
    if len(bag.weights) != len(bag.signatures) or len(columns) != 1:
        raise SeparatorDamaged(name=name, reason="it has not one row of weights for each network")
    if not all(0 <= value < float("inf") for row in bag.weights for value in row):
        raise SeparatorDamaged(name=name, reason="its weights are not zero or more")
    if not all(sum(column) > 0 for column in zip(*bag.weights, strict=True)):
        raise SeparatorDamaged(name=name, reason="no network has a weight for one of its stems")


def load_network(folder: Path, signature: str, *, name: str) -> LoadedNetwork:
    """Load the network ``signature``, of the separator ``name``, from ``SIGNATURE[-CHECKSUM].th`` or
    ``.safetensors``.

    Raises:
        SeparatorMissing: there is no such file.
        SeparatorDamaged: its checksum is another, it breaks off, or its weights do not fit the network.
        SeparatorRefused: it names a class or a function that is not Demucs', or there are two such files.
    """
    paths = _network_files(folder).get(signature, [])
    if not paths:
        raise SeparatorMissing(name=name, file=signature)
    path = min(paths, key=lambda path: _SUFFIXES.index(path.suffix))
    if sum(other.suffix == path.suffix for other in paths) > 1:
        raise SeparatorRefused(name=name, reason=f"there are several files for {signature}")
    checksum = _sha256(path)
    matched = _FILE.fullmatch(path.stem)
    if matched is not None and not checksum.startswith(matched["checksum"] or ""):
        raise SeparatorDamaged(name=name, reason=f"{path.name} has another checksum")
    package = _read_safetensors(path, name) if path.suffix == ".safetensors" else _read_pickle(path, name)
    return LoadedNetwork(_build(package, path, name), checksum[:8])


def _network_files(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        matched = _FILE.fullmatch(path.stem)
        if path.suffix in _SUFFIXES and matched is not None and path.is_file():
            found.setdefault(matched["signature"], []).append(path)
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_HASHED_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def _read_pickle(path: Path, name: str) -> Mapping[str, Any]:
    words: list[Any] = [(_ClassName(class_path), class_path) for class_path in _CLASSES]
    try:
        with torch.serialization.safe_globals([*words, Fraction]):
            # Read where they lie, weights in half precision leave no holes in the heap: 80 MB for htdemucs.
            in_place = zipfile.is_zipfile(path)
            package = torch.load(path, map_location="cpu", weights_only=True, mmap=in_place)
    except pickle.UnpicklingError as error:
        if any(word in str(error) for word in _REFUSALS):
            raise SeparatorRefused(name=name, reason=f"{path.name} holds more than weights") from error
        raise SeparatorDamaged(name=name, reason=f"{path.name} cannot be read") from error
    except TypeError as error:  # the word was called, or built upon, as if it were a class
        raise SeparatorRefused(name=name, reason=f"{path.name} holds more than weights") from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError) as error:
        raise SeparatorDamaged(name=name, reason=f"{path.name} cannot be read") from error
    if not isinstance(package, dict) or not isinstance(package.get("klass"), _ClassName):
        raise SeparatorRefused(name=name, reason=f"{path.name} is no package of Demucs")
    return {**package, "klass": package["klass"].path}


def _read_safetensors(path: Path, name: str) -> Mapping[str, Any]:
    try:
        with safe_open(path, framework="pt") as opened:
            metadata: dict[str, str] = opened.metadata() or {}
            state = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 (it is no dict)
        if "structure" in metadata:
            state["__quantized"] = torch.ones(1)
        return {
            "klass": metadata["klass"],
            "args": _decoded(json.loads(metadata["args"])),
            "kwargs": _decoded(json.loads(metadata["kwargs"])),
            "state": state,
        }
    except (SafetensorError, KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise SeparatorDamaged(name=name, reason=f"{path.name} cannot be read") from error


def _decoded(value: Any) -> Any:
    """Turn the JSON of Demucs' arguments back into them: a fraction is an object of its own."""
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(value["numerator"], value["denominator"])
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value


def _build(package: Mapping[str, Any], path: Path, name: str) -> Network:
    kind = _CLASSES.get(package["klass"])
    if kind is None:
        raise SeparatorRefused(name=name, reason=f"{path.name} is for no network of Demucs")
    if "__quantized" in package.get("state", ()):
        raise SeparatorRefused(name=name, reason="its weights are packed by DiffQ, which is not installed")
    try:
        known = inspect.signature(kind).parameters
        arguments = {key: value for key, value in package["kwargs"].items() if key in known}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network: Network = kind(*package["args"], **arguments)
        network.load_state_dict(package["state"])
    except (
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        AssertionError,
        IndexError,
    ) as error:
        raise SeparatorDamaged(name=name, reason=f"{path.name} does not fit its network") from error
    network.eval()
    return network
