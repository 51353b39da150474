"""What learning is after: the losses, and what is done to a picture so that nothing in it is relied on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transcription.core.features import BANDS
from transcription.core.network import Heard
from transcription.core.training.learning.config import LossWeights
from transcription.core.training.learning.dataset import Batch


def losses(heard: Heard, batch: Batch, weights: LossWeights | None = None) -> dict[str, Tensor]:
    """Return the loss of each thing that is asked, each a scalar; their sum is what is learnt."""
    weights = weights or LossWeights()
    positive = torch.tensor(weights.positive, device=batch.onsets.device)
    cross_entropy = nn.functional.binary_cross_entropy_with_logits
    onset = cross_entropy(heard.onsets, batch.onsets, weight=batch.asked, pos_weight=positive)
    velocity = _velocity_loss(heard.velocities.sigmoid(), batch)
    pulse = cross_entropy(heard.pulse, batch.pulse, weight=batch.pulse_asked, pos_weight=positive)
    return {
        "onset": weights.onset * onset,
        "velocity": weights.velocity * velocity,
        "pulse": weights.pulse * pulse,
    }


def _velocity_loss(velocities: Tensor, batch: Batch) -> Tensor:
    """Mean error of velocities (0..1), and of how far each is from its instrument's mean in the clip.

    How loud an instrument is on the whole is the mixer's choice as much as the drummer's, and cannot be told
    from a mix; which of its strokes are the louder ones can.
    """
    struck = ((batch.onsets > 0) & (batch.asked > 0)).float()
    error = (velocities - batch.velocities) * struck
    common = error.sum(1, keepdim=True) / struck.sum(1, keepdim=True).clamp(min=1)
    relative = (error - common) * struck
    return (error.abs() + relative.abs()).sum() / struck.sum().clamp(min=1)


def disturbed(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Hide bands and bend the tone of (batch, frames, columns) pictures, so that no band is relied on.

    Args:
        generator: on the CPU, wherever ``picture`` is.
    """
    count, _, columns = picture.shape
    bands, windows = BANDS, columns // BANDS

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    position = torch.arange(bands)[None, :]
    mask = torch.ones(count, bands)
    for _ in range(2):
        begin = (draw(count, 1) * bands).long()
        width = (draw(count, 1) ** 2 * 12).long() * (draw(count, 1) < 0.6)
        mask *= ~((position >= begin) & (position < begin + width))
    stretch = 0.85 + 0.3 * draw(count, 1, 1)
    shift = 0.3 * (draw(count, 1, 1) - 0.5) + 0.4 * (draw(count, 1, 1) - 0.5) * (position / bands - 0.5)
    # Alike through every window: what one hides the other must not tell.
    shift, mask = shift.repeat(1, 1, windows), mask.repeat(1, windows)
    stretch, shift, mask = (drawn.to(picture.device, non_blocking=True) for drawn in (stretch, shift, mask))
    return (picture * stretch + shift) * mask[:, None, :]
