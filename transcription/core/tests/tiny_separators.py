"""Separators of a few thousand weights in Demucs' own files, and songs for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from demucs.states import save_with_checksum
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

SOURCES = ["drums", "bass", "other", "vocals"]
SIX_SOURCES = [*SOURCES, "guitar", "piano"]
RATE = 8_000  # a low rate, so that seconds of sound are few samples

_ARGUMENTS: dict[type[nn.Module], dict[str, Any]] = {
    HTDemucs: {
        "channels": 4, "growth": 1, "nfft": 256, "depth": 3, "bottom_channels": 8,
        "t_layers": 1, "t_heads": 2, "t_hidden_scale": 1.0,
        "dconv_comp": 4, "dconv_depth": 1, "dconv_mode": 3, "segment": Fraction(2, 1),
    },
    HDemucs: {"channels": 4, "growth": 1, "nfft": 1024, "depth": 4, "dconv_comp": 2, "segment": 2},
    Demucs: {"channels": 4, "growth": 1, "depth": 3, "lstm_layers": 0, "segment": 2, "resample": False},
}  # fmt: skip


def tiny_package(
    kind: type[nn.Module] = HTDemucs,
    *,
    seed: int = 0,
    sources: Sequence[str] = SOURCES,
    rate: int = RATE,
    **changed: Any,
) -> dict[str, Any]:
    """Return what Demucs stores of a network: class, arguments and weights, random but for ``seed``."""
    arguments = {**_ARGUMENTS[kind], "samplerate": rate, **changed}
    torch.manual_seed(seed)
    network = kind(list(sources), **arguments)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if "gamma" in name or name.endswith(".scale"):  # a fresh layer's branches would count for nothing
                weights.fill_(0.3)
    return {
        "klass": kind, "args": (list(sources),), "kwargs": arguments,
        "state": network.state_dict(), "training_args": {"epochs": 360},
    }  # fmt: skip


def write_package(folder: Path, name: str, package: dict[str, Any]) -> Path:
    """Write ``package`` as Demucs does, with its checksum in the file's name."""
    save_with_checksum(package, folder / f"{name}.th")
    return next(folder.glob(f"{name}-*.th"))


def write_safetensors(folder: Path, name: str, package: dict[str, Any], *, klass: str | None = None) -> Path:
    """Write ``package`` as Demucs' safetensors; ``klass`` is another class than its own."""
    kind = package["klass"]
    metadata = {
        "klass": klass or f"{kind.__module__}.{kind.__qualname__}",
        "args": json.dumps(package["args"]),
        "kwargs": json.dumps(package["kwargs"], default=_fraction),
    }
    path = folder / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in package["state"].items()}, path, metadata)
    return path


def _fraction(value: Fraction) -> dict[str, Any]:
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}


def write_bag(
    folder: Path, name: str, networks: Sequence[str], weights: Sequence[Sequence[float]] | None = None
) -> None:
    """Write the description of a bag of ``networks``."""
    described: dict[str, Any] = {"models": list(networks)}
    if weights is not None:
        described["weights"] = [list(row) for row in weights]
    (folder / f"{name}.yaml").write_text(json.dumps(described))  # JSON is YAML too


def noise(seconds: float, *, rate: int = RATE, channels: int = 2, seed: int = 1) -> NDArray[np.float32]:
    """Return noise that swells and fades and is not quite centred, shape (samples, channels)."""
    samples = round(seconds * rate)
    values = np.random.default_rng(seed).normal(0.02, 0.1, (samples, channels))
    swell = 0.6 + 0.4 * np.sin(np.arange(samples) / rate * 1.7)
    return np.asarray(np.clip(values * swell[:, None], -1, 1), np.float32)


def write_song(path: Path, samples: NDArray[np.float32], *, rate: int = RATE) -> Path:
    """Write ``samples`` as 24-bit FLAC."""
    soundfile.write(path, samples, rate, subtype="PCM_24")
    return path
