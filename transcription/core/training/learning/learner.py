"""The network while it learns: one step at a time, and all its state in one piece."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from transcription.core.devices import chosen_device
from transcription.core.network import DrumNetwork, Heard
from transcription.core.training.learning.config import Learning, TrainingConfig
from transcription.core.training.learning.dataset import Batch
from transcription.core.training.learning.objective import disturbed, losses


class AveragedWeights:
    """An exponential average of a network's weights and of its batch norms' statistics."""

    def __init__(self, network: nn.Module, keep: float = 0.998) -> None:
        self._state = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self._keep = keep
        self._steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards ``network``."""
        self._steps += 1
        keep = min(self._keep, (1 + self._steps) / (10 + self._steps))
        state = network.state_dict()
        moving = [name for name, value in self._state.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self._state[name] for name in moving], [state[name] for name in moving], 1 - keep
        )
        for name in self._state.keys() - set(moving):
            self._state[name].copy_(state[name])

    def state(self) -> dict[str, Tensor]:
        """Return the averaged state."""
        return self._state

    def restore(self, state: dict[str, Tensor], steps: int) -> None:
        """Go on from an earlier average that had seen ``steps``."""
        for name, value in self._state.items():
            value.copy_(state[name])
        self._steps = steps


def learning_rate(learning: Learning, step: int) -> float:
    """The rate of step ``step`` (from 0): a warm-up, then the schedule, down to 1e-6."""
    done = step / learning.steps
    if learning.schedule == "cosine":
        share = 0.5 + 0.5 * math.cos(math.pi * min(1.0, done))
    else:
        share = min(1.0, max(0.0, (1 - done) / learning.anneal_share))
    return learning.peak_rate * min(1.0, (step + 1) / max(1, learning.warm_up)) * share + 1e-6


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch as it was rendered (float16) and widen it there."""
    return Batch(*(tensor.to(device, non_blocking=True).float() for tensor in batch))


class Learner:
    """A network, its optimiser and its averaged weights. ``step`` is the number of the next step."""

    def __init__(self, config: TrainingConfig, network: DrumNetwork) -> None:
        self.config, self.step = config, 0
        self.device = chosen_device(config.machine.device)
        self.network = network.to(self.device)
        learning = config.learning
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=learning.peak_rate,
            weight_decay=learning.weight_decay,
            fused=self.device.type == "cuda",
        )
        self._average = AveragedWeights(self.network, learning.average_over)
        compiled = config.machine.compile and self.device.type == "cuda"
        self._forward = torch.compile(self.network) if compiled else self.network

    def learn(self, rendered: Batch) -> dict[str, Tensor]:
        """Take one step on ``rendered``; returns its losses, still on the device."""
        batch = on_device(rendered, self.device)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.config.learning, self.step)
        # A seed of its own for each step: which one it is decides it, not how the run was cut in slices.
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.step)
        self.network.train()
        with self._autocast():
            heard = Heard(*self._forward(disturbed(batch.picture, generator)))
        parts = losses(heard, batch, self.config.losses)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward([torch.stack(list(parts.values())).sum()])
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.learning.clip_norm)
        self._optimiser.step()
        self._average.update(self.network)
        self.step += 1
        return {name: value.detach() for name, value in parts.items()}

    @torch.no_grad()
    def validated(self, rendered: Batch, at_once: int = 8) -> dict[str, float]:
        """Return the averaged weights' losses on ``rendered``."""
        with torch.random.fork_rng(devices=[]):  # when it is validated must not change what is learnt
            network = DrumNetwork(self.network.shape).to(self.device)
        network.load_state_dict(self.averaged())
        network.eval()
        batch = on_device(rendered, self.device)
        with self._autocast():
            heard = [network(part) for part in torch.split(batch.picture, at_once)]
        whole = Heard(*(torch.cat(column) for column in zip(*heard, strict=True)))
        return {name: float(value) for name, value in losses(whole, batch, self.config.losses).items()}

    def averaged(self) -> dict[str, Tensor]:
        """The averaged weights: those that ship."""
        return self._average.state()

    def state(self) -> dict[str, Any]:
        """Everything that going on exactly here needs; :meth:`restore` takes it back."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average.state(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state` was taken."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._average.restore(state["average"], self.step)
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])

    def _autocast(self) -> torch.autocast:
        enabled = self.config.machine.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)
