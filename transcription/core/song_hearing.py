"""The network over a whole song, in pieces that fit into memory: exactly as if all were heard at once.

What the convolutions hear of a frame depends on a few frames around it, so neighbouring pieces overlap by so
many. The recurrence remembers for longer: it runs over the whole song, its forward half carrying its state
from piece to piece, its backward half likewise from the end. Between the two, a song is only its local view,
184 MB an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from transcription.core.activations import Activations
from transcription.core.devices import exact_float32
from transcription.core.features import COLUMNS, FPS
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, Heard
from transcription.core.rows import Rows

# Frames that the convolutions take at once. Small, so that a piece stays in the processor's cache: 250 were
# a fifth faster than 3000 (measured).
PIECE_FRAMES = 256
# Steps that the recurrence takes at once, and as many steps' frames of answers.
STEPS = 2048

Report = Callable[[float], None]


@torch.inference_mode()
def hear_song(
    network: DrumNetwork,
    picture: Iterable[NDArray[np.float32]],
    report: Report = lambda fraction: None,
    *,
    piece_frames: int = PIECE_FRAMES,
    steps: int = STEPS,
) -> Activations:
    """Hear a song whose band-normalised ``picture`` comes in pieces of any lengths, each (frames, 168).

    In whatever pieces it comes, and in whatever pieces it is heard, the activations are those of one pass of
    ``network`` over the whole, but for the rounding of float32. The network's own device does the work.

    Args:
        report: called with the fraction done, 0..1, of what follows the last piece of the picture.
        piece_frames: frames that the convolutions take at once.
        steps: that the recurrence takes at once.
    """
    device = network.heads.weight.device
    with exact_float32(device):
        overlap = _reach(network.front, network.local)
        views = Rows(network.shape.local, device=device)
        for piece, left, kept in _overlapping(picture, piece_frames, overlap):
            view = network.local_view(torch.from_numpy(piece)[None].to(device))
            views.add(view[0, left : left + kept])
        if not len(views):
            return _activations([])
        local = views.all()[None]
        context = _context(network.context, network.slowed(local), steps, lambda done: report(0.8 * done))
        report(0.8)
        return _activations(list(_answers(network, local, context, steps)))


def _overlapping(
    pieces: Iterable[NDArray[np.float32]], frames: int, overlap: int
) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Cut ``pieces`` anew into ``frames`` at a time with ``overlap`` on both sides, none at the song's ends.

    Each comes with how many frames to leave out at its left, and how many to keep from there.
    """
    waiting, left = np.zeros((0, COLUMNS), np.float32), 0
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= left + frames + overlap:
            yield waiting[: left + frames + overlap], left, frames
            begin = max(0, left + frames - overlap)
            waiting, left = waiting[begin:], left + frames - begin
    if len(waiting) > left:
        yield waiting, left, len(waiting) - left


def _reach(*modules: nn.Module) -> int:
    """How many frames to each side the convolutions in ``modules``, one behind the other, hear at most."""
    layers = (layer for module in modules for layer in module.modules())
    convolutions = (layer for layer in layers if isinstance(layer, nn.Conv1d | nn.Conv2d))
    return sum(layer.kernel_size[0] // 2 * layer.dilation[0] for layer in convolutions)


def _context(recurrence: nn.GRU, slow: Tensor, at_once: int, report: Report) -> Tensor:
    """Run ``recurrence`` over ``slow``, shape (1, steps, features), as it would run over it at once."""
    size, layers = recurrence.hidden_size, recurrence.num_layers
    for layer in range(layers):
        heard = slow.new_empty(1, slow.shape[1], 2 * size)
        for way, backwards in enumerate((False, True)):
            report((layer + way / 2) / layers)
            half = heard[..., way * size : (way + 1) * size]
            _run(_one_way(recurrence, layer, backwards), slow, half, at_once, backwards)
        slow = heard
    return slow


def _one_way(recurrence: nn.GRU, layer: int, backwards: bool) -> nn.GRU:
    """One layer of ``recurrence`` in one direction, by itself."""
    ending = f"_l{layer}" + ("_reverse" if backwards else "")
    weights = {
        f"{kind}_l0": getattr(recurrence, kind + ending)
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    inputs, device = weights["weight_ih_l0"].shape[1], weights["weight_ih_l0"].device
    alone = nn.GRU(inputs, recurrence.hidden_size, batch_first=True, device=device)
    alone.load_state_dict(weights)
    return alone.eval()


def _run(layer: nn.GRU, slow: Tensor, heard: Tensor, at_once: int, backwards: bool) -> None:
    """Fill ``heard`` with what ``layer`` makes of ``slow``, a piece at a time, its state carried along."""
    steps, state = slow.shape[1], None
    begins = range(0, steps, at_once)
    for begin in reversed(begins) if backwards else begins:
        piece = slow[:, begin : begin + at_once]
        output, state = layer(piece.flip(1) if backwards else piece, state)
        heard[:, begin : begin + at_once] = output.flip(1) if backwards else output


def _answers(network: DrumNetwork, local: Tensor, context: Tensor, steps: int) -> Iterator[Heard]:
    """Give the network's answers, a piece at a time."""
    every, frames = network.shape.recurrent_every, local.shape[1]
    # Pieces begin where a step of the recurrence begins.
    reach = -(-_reach(network.blend, network.heads) // every) * every
    for begin in range(0, frames, steps * every):
        end = min(frames, begin + steps * every)
        first, last = max(0, begin - reach), min(frames, end + reach)
        heard = network.answers(local[:, first:last], context[:, first // every : -(-last // every)])
        yield Heard(*(values[0, begin - first : end - first].sigmoid().cpu() for values in heard))


def _activations(heard: Sequence[Heard]) -> Activations:
    silent = np.zeros((0, len(INSTRUMENTS_HEARD)), np.float32)
    onsets = np.concatenate([silent, *(part.onsets.numpy() for part in heard)])
    velocities = np.concatenate([silent, *(part.velocities.numpy() for part in heard)])
    pulse = np.concatenate([np.zeros((0, 2), np.float32), *(part.pulse.numpy() for part in heard)])
    return Activations(onsets, velocities, pulse[:, 0].copy(), pulse[:, 1].copy(), FPS)
