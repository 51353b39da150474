"""Files of a run: weights that ship, weights to start from, and all that resuming needs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from transcription.core.judgement import PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, NetworkShape
from transcription.core.training.errors import CannotTrain

# Logit at which an instrument that the old weights did not know starts: rare, as strokes on it are.
_SELDOM = -5.0


class WeightsDoNotFit(CannotTrain):
    """The weights to start from belong to a network of other sizes."""


def with_picking(path: Path, out: Path, picking: PeakPicking) -> None:
    """Copy the weights at ``path`` to ``out``, which may be ``path``, with how peaks are to be judged."""
    with safe_open(path, framework="pt") as opened:
        metadata: dict[str, str] = opened.metadata() or {}
    temporary = out.with_suffix(".partial")
    save_file(load_file(path), temporary, metadata=metadata | {"picking": picking.as_json()})
    temporary.replace(out)


def save_weights(
    path: Path,
    state: Mapping[str, Tensor],
    shape: NetworkShape,
    version: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write ``state`` where :func:`transcription.core.detection.load_detector` can read it.

    Args:
        notes: more metadata, such as the configuration of the run.
    """
    metadata = {"name": "crnn", "version": version, "shape": json.dumps(asdict(shape))}
    metadata["instruments"] = json.dumps([name.value for name in INSTRUMENTS_HEARD[: shape.heard]])
    temporary = path.with_suffix(".partial")
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    save_file(tensors, temporary, metadata=metadata | dict(notes or {}))
    temporary.replace(path)


def start_from(network: DrumNetwork, path: Path) -> None:
    """Copy the weights at ``path`` into ``network``.

    It may know more instruments than they do, and look through more windows.

    Raises:
        WeightsDoNotFit: they are no detector's, or another size differs.
    """
    try:
        old = load_file(path)
        with safe_open(path, framework="pt") as opened:
            metadata: dict[str, str] = opened.metadata() or {}
        heard = NetworkShape.parsed(metadata["shape"]).heard
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise WeightsDoNotFit(f"{path} holds no detector's weights") from error
    known = json.loads(metadata.get("instruments", "null"))
    names = known or [name.value for name in INSTRUMENTS_HEARD[:heard]]
    new = network.state_dict()
    for part in ("heads.weight", "heads.bias"):
        if part in old and old[part].shape[1:] == new[part].shape[1:]:
            old[part] = _by_name(old[part], names, new[part], network.shape.heard)
    first = "front.0.0.weight"
    if first in old and old[first].dim() == new[first].dim():
        # Of windows that were not there before no notice is taken at first.
        more = max(0, new[first].shape[1] - old[first].shape[1])
        old[first] = nn.functional.pad(old[first], (0, 0, 0, 0, 0, more))
    differing = [name for name in new if name not in old or old[name].shape != new[name].shape]
    if differing or set(old) - set(new):
        raise WeightsDoNotFit(f"{path} is of another shape: {', '.join(differing) or 'it has more layers'}")
    network.load_state_dict(old)


def _by_name(old: Tensor, names: list[str], new: Tensor, heard: int) -> Tensor:
    """Put the rows of the answers' last layer where their instruments are now; the last two are the pulse."""
    grown = new.clone()
    if grown.dim() == 1:
        grown[:heard] = _SELDOM
    for row, instrument in enumerate(INSTRUMENTS_HEARD[:heard]):
        if instrument.value in names:
            before = names.index(instrument.value)
            grown[row] = old[before]
            grown[heard + row] = old[len(names) + before]
    grown[-2:] = old[-2:]
    return grown


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write ``state`` so that ``path`` is at every instant the old checkpoint or the new one, whole."""
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as out:
        torch.save(dict(state), out)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what :func:`save_checkpoint` wrote, onto the CPU."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def export_weights(path: Path, out: Path, version: str) -> None:
    """Copy the weights at ``path`` to ``out`` as ``version``, with all else they say of themselves."""
    with safe_open(path, framework="pt") as opened:
        metadata: dict[str, str] = opened.metadata() or {}
    save_file(load_file(path), out, metadata=metadata | {"version": version})
