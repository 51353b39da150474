"""Rows that arrive piece by piece, gathered in one block of memory."""

from __future__ import annotations

import torch
from torch import Tensor


class Rows:
    """Float32 rows of one ``width``, in the order in which they were added.

    Small arrays that are kept among large ones that come and go hold the memory between them: a list of an
    hour's pieces took 2.5 GB for its 121 MB (measured).
    """

    def __init__(self, width: int, *, room: int = 0, device: torch.device | None = None) -> None:
        self._block = torch.empty((room, width), device=device)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, rows: Tensor) -> None:
        """Append ``rows``, shape (any number, width)."""
        needed = self._used + len(rows)
        if needed > len(self._block):
            wider = self._block.new_empty((max(needed, len(self._block) * 3 // 2), self._block.shape[1]))
            wider[: self._used] = self._block[: self._used]
            self._block = wider
        self._block[self._used : needed] = rows
        self._used = needed

    def all(self) -> Tensor:
        """Return all rows; they share memory with what is gathered here."""
        return self._block[: self._used]
