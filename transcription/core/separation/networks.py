"""A Demucs network made to do less for the same answer.

Each change here leaves the values as they are, to float32's rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from demucs.hdemucs import HDecLayer, HDemucs, HEncLayer, MultiWrap
from demucs.htdemucs import HTDemucs
from torch import Tensor, nn

from transcription.core.devices import exact_float32
from transcription.core.separation.packages import Network

# Floats of one piece through a residual branch: 1 MB, so that what lies between its steps stays in the cache.
_PIECE_FLOATS = 1 << 18


def keep_sources(network: Network, kept: Sequence[int]) -> bool:
    """Leave out the last layer's channels of all sources but ``kept``, in place; say whether that could be
    done.

    The sources share everything before that layer. Where they are filtered against each other afterwards
    (Wiener filters, in old networks), all of them are needed.
    """
    sources = len(network.sources)
    if isinstance(network, HDemucs | HTDemucs):
        if not network.cac and network.wiener_iters >= 0:
            return False
        last: list[nn.Module] = [network.decoder[-1]]
        if len(getattr(network, "tdecoder", ())):
            last.append(network.tdecoder[-1])
        heads: list[Any] = [
            part.conv_tr
            for layer in last
            for part in (layer.layers if isinstance(layer, MultiWrap) else [layer])
            if isinstance(part, HDecLayer)
        ]
    else:
        last_block = network.decoder[-1]
        assert isinstance(last_block, nn.Sequential)
        heads = [last_block[-1]]
    if not all(isinstance(head, nn.ConvTranspose1d | nn.ConvTranspose2d) for head in heads):
        return False
    for head in heads:
        each = head.out_channels // sources
        rows = [source * each + row for source in kept for row in range(each)]
        head.weight = nn.Parameter(head.weight[:, rows].detach().clone(), requires_grad=False)
        if head.bias is not None:
            head.bias = nn.Parameter(head.bias[rows].detach().clone(), requires_grad=False)
        head.out_channels = len(rows)
    network.sources = [network.sources[source] for source in kept]
    return True


def spare_memory(network: Network) -> None:
    """Let what is done to each row by itself be done to a few rows at a time.

    The network is changed. The rows are the frequencies in the residual branches, and the sources on their
    way from spectrum to sound.
    """
    for module in network.modules():
        if isinstance(module, HEncLayer | HDecLayer) and module.freq:
            branch = getattr(module, "dconv", None)  # layers without one do not even have the name
            if branch is not None:
                module.add_module("dconv", _InPieces(branch))
    if isinstance(network, HDemucs | HTDemucs):
        network._ispec = _SourceBySource(network._ispec)


class _InPieces(nn.Module):
    """Changes the rows that it is given, which the layers around it do not use again."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, rows: Tensor) -> Tensor:
        at_once = max(1, _PIECE_FLOATS // max(1, rows[0].numel()))
        if rows.device.type != "cpu" or at_once >= len(rows):
            whole: Tensor = self.branch(rows)
            return whole
        for piece in rows.split(at_once):  # type: ignore[no-untyped-call]
            piece.copy_(self.branch(piece))
        return rows


class _SourceBySource:
    def __init__(self, to_sound: Callable[..., Tensor]) -> None:
        self._to_sound = to_sound

    def __call__(self, spectra: Tensor, length: int) -> Tensor:
        if spectra.device.type != "cpu" or spectra.shape[1] == 1:
            return self._to_sound(spectra, length)
        sound = torch.empty(*spectra.shape[:3], length)
        for source in range(spectra.shape[1]):
            sound[:, source] = self._to_sound(spectra[:, source : source + 1], length)[:, 0]
        return sound


@contextmanager
def computing_on(device: torch.device) -> Iterator[None]:
    """Compute without gradients, in full float32; PyTorch's switches are as before afterwards.

    On the processor the attention's fast path is slower than the path beside it: 13 % of a whole pass.
    """
    fast_path = torch.backends.mha.get_fastpath_enabled()
    with torch.inference_mode(), exact_float32(device):
        if device.type == "cpu":
            torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast_path)
