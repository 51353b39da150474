"""What the networks said, added up where it overlaps, and let go of as soon as it is final."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class OverlapAdd:
    """Sums of weighted segments, of which only those that may still change are held."""

    def __init__(self, stems: int, channels: int) -> None:
        self._sums = np.zeros((stems, channels, 0), np.float32)
        self._begin = 0
        self._used = 0

    def add(self, begin: int, values: NDArray[np.float32], stem: int) -> None:
        """Add ``values``, shape (channels, samples), to ``stem`` from sample ``begin`` on.

        What lies before the song's first sample is left out.
        """
        if begin < self._begin:
            values = values[..., self._begin - begin :]
            begin = self._begin
        at, length = begin - self._begin, values.shape[-1]
        self._make_room(at + length)
        self._sums[stem, :, at : at + length] += values
        self._used = max(self._used, at + length)

    def take(self, before: int) -> NDArray[np.float32]:
        """Return, and let go of, all before the sample ``before``: shape (stems, channels, samples)."""
        length = min(self._used, max(0, before - self._begin))
        taken = self._sums[..., :length].copy()
        rest = self._sums[..., length : self._used].copy()
        self._sums[..., : rest.shape[-1]] = rest
        self._sums[..., rest.shape[-1] : self._used] = 0.0
        self._begin, self._used = self._begin + length, rest.shape[-1]
        return taken

    def _make_room(self, samples: int) -> None:
        if samples > self._sums.shape[-1]:
            wider = np.zeros((*self._sums.shape[:2], samples), np.float32)
            wider[..., : self._used] = self._sums[..., : self._used]
            self._sums = wider
