"""Files that no encoder wrote: good ones, cut, flipped, swapped, swollen, and made to lie.

The same name always makes the same file, so that whatever breaks on one can be looked at alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from media.core.tests.false_headers import Damaged, bombs, id3, lies_in_boxes, lies_in_headers
from media.core.tests.songs import FORMATS, RATE, clicks, encode

Mutation = Callable[[bytes, np.random.Generator], bytes]

ENDINGS = (*FORMATS, "ogg", "aiff")
_LIES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF)


def sound_files(folder: Path) -> dict[str, bytes]:
    """Encode 1.4 s in every format; return the files' contents by their endings."""
    made: dict[str, bytes] = {}
    for ending in ENDINGS:
        path = folder / f"whole.{ending}"
        if ending in FORMATS:
            encode(path, clicks(1.4, FORMATS[ending][2]), frame_count=14)
        else:
            kind = {"ogg": ("OGG", "VORBIS"), "aiff": ("AIFF", "PCM_16")}[ending]
            soundfile.write(path, clicks(1.4).T, RATE, format=kind[0], subtype=kind[1])
        made[ending] = path.read_bytes()
    return made


def corpus(whole: dict[str, bytes]) -> Iterator[Damaged]:
    """Give every damaged file, made from ``whole`` as :func:`sound_files` returns it."""
    for ending, content in whole.items():
        for label, mutate in _mutations(whole).items():
            name = f"{label}.{ending}"
            yield Damaged(name, mutate(content, np.random.default_rng(zlib.crc32(name.encode()))))
    yield from lies_in_boxes("mp4", whole["mp4"])
    yield from lies_in_boxes("m4a", whole["m4a"])
    yield from lies_in_headers(whole)
    yield from bombs(whole)


def _mutations(whole: dict[str, bytes]) -> dict[str, Mutation]:
    """Return what can happen to any file."""
    made: dict[str, Mutation] = {}
    for percent in (1, 10, 50, 90, 99):
        made[f"cut_at_{percent}_percent"] = lambda c, _, p=percent: c[: len(c) * p // 100]
    for span in (64, 512, 4096):
        made[f"flips_in_first_{span}"] = lambda c, r, s=span: _flipped(c, r, min(s, len(c)), 6)
    for share in (5000, 500, 50):
        made[f"a_flip_in_{share}_bytes"] = lambda c, r, s=share: _flipped(c, r, len(c), 1 + len(c) // s)
    for value in (0x00, 0xFF):
        made[f"start_is_{value:02x}"] = lambda c, _, v=value: _filled(c, v, 0.0, 64)
        made[f"head_is_{value:02x}"] = lambda c, _, v=value: _filled(c, v, 0.0, 16, after=20)
        made[f"middle_is_{value:02x}"] = lambda c, _, v=value: _filled(c, v, 0.4, len(c) // 5)
        made[f"end_is_{value:02x}"] = lambda c, _, v=value: _filled(c, v, 0.8, len(c))
    made["halves_swapped"] = lambda c, _: c[len(c) // 2 :] + c[: len(c) // 2]
    made["blocks_shuffled"] = _shuffled
    made["block_missing"] = lambda c, r: _without(c, r, len(c) // 10)
    made["byte_missing"] = lambda c, r: _without(c, r, 1)
    made["block_twice"] = lambda c, _: c[: len(c) // 2] + c[len(c) // 3 :]
    made["noise_inside"] = lambda c, r: c[: len(c) // 3] + r.bytes(3000) + c[len(c) // 3 :]
    made["noise_after"] = lambda c, r: c + r.bytes(20_000)
    made["noise_before"] = lambda c, r: r.bytes(2000) + c
    made["twice"] = lambda c, _: c + c
    made["then_an_mp3"] = lambda c, _: c + whole["mp3"]
    made["behind_a_huge_tag"] = lambda c, _: id3(0x0FFFFFFF, b"") + c
    made["behind_nested_tags"] = lambda c, _: id3(20_000, id3(10_000, id3(5_000, b""))) + c
    for value in _LIES:
        made[f"number_is_{value:x}"] = lambda c, r, v=value: _with_number(c, r, v)
    return made


def _flipped(content: bytes, random: np.random.Generator, span: int, count: int) -> bytes:
    changed = bytearray(content)
    for at in random.integers(0, span, count):
        changed[at] ^= 1 << int(random.integers(8))
    return bytes(changed)


def _filled(content: bytes, value: int, share: float, length: int, *, after: int = 0) -> bytes:
    start = after + int(len(content) * share)
    end = min(len(content), start + length)
    return content[:start] + bytes([value]) * (end - start) + content[end:]


def _shuffled(content: bytes, random: np.random.Generator) -> bytes:
    size = max(1, len(content) // 12)
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    return blocks[0] + b"".join(blocks[1 + i] for i in random.permutation(len(blocks) - 1))


def _without(content: bytes, random: np.random.Generator, length: int) -> bytes:
    at = int(random.integers(len(content) // 10, len(content) - length))
    return content[:at] + content[at + length :]


def _with_number(content: bytes, random: np.random.Generator, value: int) -> bytes:
    at = 4 * int(random.integers(1, 32))
    return content[:at] + struct.pack(">I", value) + content[at + 4 :]
