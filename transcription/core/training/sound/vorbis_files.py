"""Ogg Vorbis files that come out the same whenever they are written."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

# Where an Ogg page (RFC 3533, section 6) keeps what is rewritten here.
_SERIAL, _CHECKSUM, _SEGMENTS, _HEADER = 14, 22, 26, 27
_POLYNOMIAL = 0x04C11DB7


def write_vorbis(path: Path, sound: NDArray[np.float32], rate: int, compression: float) -> None:
    """Write mono ``sound``; ``compression`` runs from 0, the best, to 1, the smallest.

    The stream's serial number, which libsndfile draws from the clock, is 0.
    """
    memory = io.BytesIO()
    with soundfile.SoundFile(
        memory, "w", rate, 1, format="OGG", subtype="VORBIS", compression_level=compression
    ) as file:
        for begin in range(0, len(sound), rate):  # libsndfile's encoder overflows its stack on long blocks
            file.write(sound[begin : begin + rate])
    path.write_bytes(_with_serial_zero(bytearray(memory.getvalue())))


def _with_serial_zero(content: bytearray) -> bytes:
    begin = 0
    while begin < len(content):
        segments = content[begin + _SEGMENTS]
        sizes = content[begin + _HEADER : begin + _HEADER + segments]
        end = begin + _HEADER + segments + sum(sizes)
        content[begin + _SERIAL : begin + _SERIAL + 4] = bytes(4)
        content[begin + _CHECKSUM : begin + _CHECKSUM + 4] = bytes(4)
        checksum = _checksum(content[begin:end])
        content[begin + _CHECKSUM : begin + _CHECKSUM + 4] = checksum.to_bytes(4, "little")
        begin = end
    return bytes(content)


def _checksum(page: bytearray) -> int:
    table, checksum = _checksum_table(), 0
    for byte in page:
        checksum = ((checksum << 8) & 0xFFFFFFFF) ^ table[(checksum >> 24) ^ byte]
    return checksum


@cache
def _checksum_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ (_POLYNOMIAL if value & 0x80000000 else 0)) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)
