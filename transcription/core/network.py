"""The detector's network: convolutions hear a stroke's colour, a slower recurrence what it is part of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from notation.core.instruments import InstrumentName
from transcription.core.features import BANDS, COLUMNS

INSTRUMENTS_HEARD: tuple[InstrumentName, ...] = (
    InstrumentName.KICK,
    InstrumentName.SNARE,
    InstrumentName.SIDE_STICK,
    InstrumentName.HIHAT_CLOSED,
    InstrumentName.HIHAT_OPEN,
    InstrumentName.HIHAT_PEDAL,
    InstrumentName.TOM_HIGH,
    InstrumentName.TOM_MID,
    InstrumentName.TOM_LOW,
    InstrumentName.CRASH,
    InstrumentName.RIDE,
    InstrumentName.RIDE_BELL,
    InstrumentName.CHINA,
    InstrumentName.SPLASH,
    InstrumentName.COWBELL,
    InstrumentName.TAMBOURINE,
    InstrumentName.CLAP,
)
# Logit of what a network with fewer instruments has never heard of: a chance of nothing.
_NEVER = -16.0


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """The network's sizes; stored with the weights, so that old weights keep loading."""

    channels: tuple[int, int] = (32, 64)
    local: int = 128
    recurrent: int = 112
    recurrent_every: int = 4  # the recurrence runs at 25 frames a second: decay and beat are slow
    heard: int = len(INSTRUMENTS_HEARD)  # how many of INSTRUMENTS_HEARD, from the first, the network knows
    windows: int = COLUMNS // BANDS  # through how many of the picture's windows it looks, from the first

    @classmethod
    def parsed(cls, text: str) -> NetworkShape:
        """Read the shape that weights carry as JSON; the first ones did not say that they knew twelve.

        Those before 3.0 had one window, and did not say so either.
        """
        sizes = {"heard": 12, "windows": 1} | json.loads(text)
        return cls(**(sizes | {"channels": tuple(sizes["channels"])}))


class Heard(NamedTuple):
    """The network's raw outputs (logits), each (batch, frames, …), for all of :data:`INSTRUMENTS_HEARD`."""

    onsets: Tensor
    velocities: Tensor
    pulse: Tensor  # beat, downbeat


class DrumNetwork(nn.Module):
    """A convolutional recurrent network from a band-normalised log-mel picture to :class:`Heard`.

    Source:
        The family of Vogl, Widmer and Knees, "Towards Multi-Instrument Drum Transcription", DAFx 2018.
    """

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or NetworkShape()
        first, second = shape.channels
        self.front = nn.Sequential(
            _convolution(shape.windows, first, kernel=(3, 5), every_band=2),
            _convolution(first, first),
            nn.MaxPool2d((1, 2)),
            nn.Dropout2d(0.1),
            _convolution(first, second),
            _convolution(second, second),
            nn.MaxPool2d((1, 3)),
            nn.Dropout2d(0.1),
        )
        bands_left = BANDS // 2 // 2 // 3
        self.local = nn.Sequential(nn.Linear(second * bands_left, shape.local), nn.ReLU(), nn.Dropout(0.2))
        self.context = nn.GRU(
            shape.local, shape.recurrent, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2
        )
        joined = shape.local + 2 * shape.recurrent
        self.blend = nn.Sequential(nn.Conv1d(joined, shape.local, 5, padding=2), nn.ReLU(), nn.Dropout(0.2))
        self.heads = nn.Linear(shape.local, 2 * shape.heard + 2)
        # bf16 convolutions on a CPU are slower than float32 unless channels are innermost.
        for weights in self.parameters():
            if weights.dim() == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)

    def forward(self, picture: Tensor) -> Heard:
        """Hear ``picture`` of shape (batch, frames, 168)."""
        local = self.local_view(picture)
        context, _ = self.context(self.slowed(local))
        return self.answers(local, context)

    def local_view(self, picture: Tensor) -> Tensor:
        """What is heard around each frame of (batch, frames, 168): (batch, frames, ``shape.local``)."""
        windows = picture.reshape(*picture.shape[:2], -1, BANDS)[:, :, : self.shape.windows]
        image = windows.transpose(1, 2).contiguous(memory_format=torch.channels_last)
        local: Tensor = self.local(self.front(image).permute(0, 2, 1, 3).flatten(2))
        return local

    def slowed(self, local: Tensor) -> Tensor:
        """The local view at the recurrence's pace: means of ``recurrent_every`` frames, the last padded."""
        every = self.shape.recurrent_every
        if every == 1:
            return local
        padded = nn.functional.pad(local, (0, 0, 0, -local.shape[1] % every))
        return padded.reshape(len(padded), -1, every, padded.shape[2]).mean(dim=2)

    def answers(self, local: Tensor, context: Tensor) -> Heard:
        """Blend the local view with its (slow) context into what is heard."""
        context = context.repeat_interleave(self.shape.recurrent_every, dim=1)[:, : local.shape[1]]
        joined = torch.cat([local, context.to(local.dtype)], dim=2).transpose(1, 2)
        outputs = self.heads(self.blend(joined).transpose(1, 2)).float()
        heard = self.shape.heard
        unknown = (0, len(INSTRUMENTS_HEARD) - heard)
        return Heard(
            nn.functional.pad(outputs[..., :heard], unknown, value=_NEVER),
            nn.functional.pad(outputs[..., heard : 2 * heard], unknown, value=_NEVER),
            outputs[..., 2 * heard :],
        )


def _convolution(
    inputs: int, outputs: int, kernel: tuple[int, int] = (3, 3), every_band: int = 1
) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=(1, every_band), padding=padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
