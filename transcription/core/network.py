"""The detector's network: convolutions hear a stroke's colour, a slower recurrence what it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from notation.core.instruments import InstrumentName
from transcription.core.features import BANDS

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
)


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """The network's sizes; stored with the weights, so that old weights keep loading."""

    channels: tuple[int, int] = (32, 64)
    local: int = 128
    recurrent: int = 112
    recurrent_every: int = 4  # the recurrence runs at 25 frames a second: decay and beat are slow


class Heard(NamedTuple):
    """The network's raw outputs (logits), each (batch, frames, …)."""

    onsets: Tensor
    velocities: Tensor
    pulse: Tensor  # beat, downbeat


class DrumNetwork(nn.Module):
    """A convolutional recurrent network from (batch, frames, 84) band-normalised log-mel to :class:`Heard`.

    Source:
        The family of Vogl, Widmer and Knees, "Towards Multi-Instrument Drum Transcription", DAFx 2018.
    """

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or NetworkShape()
        first, second = shape.channels
        self.front = nn.Sequential(
            _convolution(1, first, kernel=(3, 5), every_band=2),
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
        heard = len(INSTRUMENTS_HEARD)
        self.heads = nn.Linear(shape.local, 2 * heard + 2)
        # bf16 convolutions on a CPU are slower than float32 unless channels are innermost.
        for weights in self.parameters():
            if weights.dim() == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)

    def forward(self, picture: Tensor) -> Heard:
        """Hear ``picture`` of shape (batch, frames, 84)."""
        frames = picture.shape[1]
        every = self.shape.recurrent_every
        image = picture.unsqueeze(1).contiguous(memory_format=torch.channels_last)
        image = self.front(image)
        local = self.local(image.permute(0, 2, 1, 3).flatten(2))
        slow = local
        if every > 1:
            padded = nn.functional.pad(local, (0, 0, 0, -frames % every))
            slow = padded.reshape(len(padded), -1, every, padded.shape[2]).mean(dim=2)
        context, _ = self.context(slow)
        context = context.repeat_interleave(every, dim=1)[:, :frames]
        joined = torch.cat([local, context.to(local.dtype)], dim=2).transpose(1, 2)
        outputs = self.heads(self.blend(joined).transpose(1, 2)).float()
        heard = len(INSTRUMENTS_HEARD)
        return Heard(outputs[..., :heard], outputs[..., heard : 2 * heard], outputs[..., 2 * heard :])


def _convolution(
    inputs: int, outputs: int, kernel: tuple[int, int] = (3, 3), every_band: int = 1
) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=(1, every_band), padding=padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
