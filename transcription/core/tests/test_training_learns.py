from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from transcription.core.detection import load_detector
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, Heard, NetworkShape
from transcription.core.training.learning.checkpoints import save_weights
from transcription.core.training.learning.config import LossWeights
from transcription.core.training.learning.dataset import Batch
from transcription.core.training.learning.learner import AveragedWeights
from transcription.core.training.learning.objective import disturbed, losses

_SMALL = NetworkShape(channels=(8, 8), local=32, recurrent=16)


def kicks_and_hats() -> Batch:
    """Low bands flare up at kicks, high bands at hats."""
    rng = np.random.default_rng(0)
    picture = rng.normal(0, 0.1, (4, 120, 168)).astype(np.float32)
    onsets = np.zeros((4, 120, len(INSTRUMENTS_HEARD)), np.float32)
    for song in range(4):
        for heard, bands in ((0, slice(0, 12)), (3, slice(60, 84))):
            for frame in rng.choice(np.arange(5, 110), 6, replace=False):
                picture[song, frame : frame + 4, bands] += 3.0
                onsets[song, frame, heard] = 1.0
    pulse = np.zeros((4, 120, 2), np.float32)
    tensors = (picture, onsets, np.ones_like(onsets), 0.5 * onsets, pulse, np.ones_like(pulse))
    return Batch(*(torch.from_numpy(values) for values in tensors))


def total(parts: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(parts.values())).sum()


@pytest.mark.slow
def test_a_few_steps_of_learning_lower_the_loss() -> None:
    torch.manual_seed(1)
    batch, network = kicks_and_hats(), DrumNetwork(_SMALL)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    course = []
    for _ in range(40):
        loss = total(losses(network(batch.picture), batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        course.append(float(loss.detach()))

    assert course[-1] < 0.4 * course[0]


def test_what_is_not_asked_for_costs_nothing() -> None:
    batch = kicks_and_hats()
    torch.manual_seed(1)
    with torch.inference_mode():
        heard = DrumNetwork(_SMALL).eval()(batch.picture)

    nothing_asked = losses(heard, batch._replace(asked=torch.zeros_like(batch.asked)))

    assert float(nothing_asked["onset"]) == 0
    assert float(nothing_asked["velocity"]) == 0


def test_a_network_of_any_length_answers_frame_by_frame() -> None:
    network = DrumNetwork(_SMALL).eval()

    for frames in (1, 2, 3, 5, 101):
        heard = network(torch.zeros(2, frames, 168))
        assert heard.onsets.shape == (2, frames, len(INSTRUMENTS_HEARD))
        assert heard.velocities.shape == (2, frames, len(INSTRUMENTS_HEARD))
        assert heard.pulse.shape == (2, frames, 2)


def test_disturbing_keeps_the_shape_and_follows_its_seed() -> None:
    picture = torch.ones(3, 50, 168)

    first, second = (disturbed(picture, torch.Generator().manual_seed(7)) for _ in range(2))

    assert first.shape == picture.shape
    assert torch.equal(first, second)
    assert not torch.equal(first, picture)


def test_averaged_weights_follow_the_network_and_load_as_a_detector(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = DrumNetwork(_SMALL)
    average = AveragedWeights(network)
    with torch.no_grad():
        network.heads.bias += 1.0
    for _ in range(200):
        average.update(network)

    save_weights(tmp_path / "weights.safetensors", average.state(), _SMALL, "test")
    loaded = load_detector(tmp_path / "weights.safetensors")

    assert loaded.label == "crnn test"
    torch.testing.assert_close(loaded.network.heads.bias, network.heads.bias, atol=1e-3, rtol=0)


def heard_velocities(batch: Batch, velocities: torch.Tensor) -> Heard:
    """Answers that are right about nothing but perhaps ``velocities``, 0..1."""
    nothing = torch.zeros_like(batch.onsets)
    return Heard(nothing, torch.logit(velocities, eps=1e-6), torch.zeros_like(batch.pulse))


def test_velocities_all_off_by_as_much_cost_half_of_what_random_ones_do() -> None:
    batch = kicks_and_hats()
    signs = torch.from_numpy(np.random.default_rng(0).choice((-1.0, 1.0), batch.onsets.shape)).float()

    louder, scattered = (
        float(losses(heard_velocities(batch, batch.velocities + 0.2 * how), batch)["velocity"])
        for how in (torch.ones_like(signs), signs)
    )

    assert louder == pytest.approx(0.2 * LossWeights().velocity, rel=1e-3)
    assert scattered > 1.7 * louder


def test_right_velocities_cost_nothing() -> None:
    batch = kicks_and_hats()

    assert float(losses(heard_velocities(batch, batch.velocities), batch)["velocity"]) < 1e-4


def test_what_is_hidden_is_hidden_through_both_windows() -> None:
    generator = torch.Generator().manual_seed(3)

    hidden = disturbed(torch.ones(8, 50, 168), generator) == 0

    assert hidden.any()
    assert torch.equal(hidden[..., :84], hidden[..., 84:])
