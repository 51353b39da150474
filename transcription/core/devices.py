"""What the networks compute on: the processor, or a card beside it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from accounts.core.errors import DrumError
from transcription.core.nets_config import AUTO as AUTO


class DeviceUnavailable(DrumError):
    """The device that was asked for is not there."""

    code = "device_unavailable"
    message = "There is no device “{device}” here to compute on."
    hint = "Choose “auto”, which takes a CUDA card where there is one, or “cpu”."


def chosen_device(name: str = AUTO) -> torch.device:
    """Return the device called ``name``: ``auto``, ``cpu``, ``mps``, ``cuda``, or one of several, ``cuda:1``.

    Apple's ``mps`` is taken only where it is asked for: our own networks were never measured on it.

    Raises:
        DeviceUnavailable: there is no such device, or networks do not run on it.
    """
    if name == AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceUnavailable(device=name) from error
    if device.type == "cpu" and not device.index:
        return torch.device("cpu")
    if device.type == "mps" and not device.index and torch.backends.mps.is_available():
        return device
    if (
        device.type == "cuda"
        and torch.cuda.is_available()
        and (device.index or 0) < torch.cuda.device_count()
    ):
        return device
    raise DeviceUnavailable(device=name)


def exact_float32(device: torch.device) -> AbstractContextManager[None]:
    """Let ``device`` compute as the processor does while this lasts: in full float32, the same each time.

    A card's convolutions round to TF32 unless told otherwise, to a thousandth of a value: enough to move hits
    that are nearly sure.
    """
    if device.type != "cuda":
        return nullcontext()
    exact: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False, fp32_precision="ieee"
    )
    return exact
