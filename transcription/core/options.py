"""What a person may choose for a transcription."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from accounts.core.text import one_line
from notation.core.quantising.quantise_config import GridChoice, SwingChoice
from transcription.core.errors import InvalidOption, UnknownOption
from transcription.core.separation.separation_options import (
    LONGEST_SEGMENT_S,
    MOST_SHIFTS,
    SHORTEST_SEGMENT_S,
)

ENGINES = ("crnn", "keras-cnn")
SEPARATIONS = ("auto", "always", "never")
GRIDS = tuple(choice.value for choice in GridChoice)
SWINGS = tuple(choice.value for choice in SwingChoice)
PAPERS = ("a4", "letter")
SLOWEST_BPM = 30.0
FASTEST_BPM = 320.0
_METER = re.compile(r"^(\d{1,2})/(2|4|8|16)$")
_LONGEST_TEXT = 200
_MODEL_NAME = re.compile(r"^[\w.-]{1,60}$", re.ASCII)
LARGEST_OVERLAP = 0.9
MOST_TRACKS = 64
MOST_ONSETS = 50_000
_LONGEST_SONG_S = 36_000.0


@dataclass(frozen=True, slots=True)
class JobOptions:
    """The options of a job; every default means "find it out".

    ``tempo_bpm`` counts felt beats a minute (dotted quarters in 6/8, quarters in 7/8); ``meter`` is a time
    signature such as ``"6/8"``; ``first_downbeat_s`` is where bar one begins, in seconds. ``grid`` is the
    finest division that the score may use; ``swing`` says how notes played long and short are written.
    ``title`` and ``artist`` are printed on the score.

    ``separation`` says whether the drums are taken out of the song before they are listened to; ``auto``
    does so where the engine was measured to hear better then. ``separation_model`` is a Demucs model;
    ``shifts`` (the mean of so many passes), ``overlap`` (0 to 1 of a segment) and ``segment_s`` trade time
    for quality; ``two_stems`` asks for drums and the rest only. ``track`` is the number of the sound track in
    a file that has several, from 0. ``onsets_s`` are the strokes to be named by ``classify``, in seconds.
    ``loudness_lufs`` and ``denoise`` are for ``enhance``.
    """

    engine: str = "crnn"
    tempo_bpm: float | None = None
    meter: str | None = None
    first_downbeat_s: float | None = None
    grid: str = "auto"
    swing: str = "auto"
    paper: str = "a4"
    title: str = ""
    artist: str = ""
    separation: str = "auto"
    separation_model: str = "htdemucs"
    shifts: int = 0
    overlap: float = 0.25
    segment_s: float | None = None
    two_stems: bool = False
    track: int | None = None
    onsets_s: tuple[float, ...] | None = None
    loudness_lufs: float = -16.0
    denoise: bool = True

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Check what a client sent and return it as options.

        Raises:
            UnknownOption: a key that is no option.
            InvalidOption: a value outside what the option allows.
        """
        known = {field.name for field in fields(cls)}
        for name in given:
            if name not in known:
                raise UnknownOption(option=str(name)[:80], known=sorted(known))
        chosen = {name: value for name, value in given.items() if value is not None and value != ""}
        default = cls()
        options = cls(
            engine=_choice("engine", chosen.get("engine", "crnn"), ENGINES),
            tempo_bpm=_number("tempo_bpm", chosen.get("tempo_bpm"), SLOWEST_BPM, FASTEST_BPM),
            meter=_meter(chosen.get("meter")),
            first_downbeat_s=_number(
                "first_downbeat_s", chosen.get("first_downbeat_s"), 0.0, _LONGEST_SONG_S
            ),
            grid=_choice("grid", chosen.get("grid", "auto"), GRIDS),
            swing=_choice("swing", chosen.get("swing", "auto"), SWINGS),
            paper=_choice("paper", chosen.get("paper", "a4"), PAPERS),
            title=_text("title", chosen.get("title", "")),
            artist=_text("artist", chosen.get("artist", "")),
            separation=_choice("separation", chosen.get("separation", "auto"), SEPARATIONS),
            separation_model=_model_name(chosen.get("separation_model", default.separation_model)),
            shifts=_whole("shifts", chosen.get("shifts", default.shifts), 0, MOST_SHIFTS) or 0,
            overlap=_number("overlap", chosen.get("overlap", default.overlap), 0.0, LARGEST_OVERLAP) or 0.0,
            segment_s=_number("segment_s", chosen.get("segment_s"), SHORTEST_SEGMENT_S, LONGEST_SEGMENT_S),
            two_stems=_flag("two_stems", chosen.get("two_stems", False)),
            track=_whole("track", chosen.get("track"), 0, MOST_TRACKS - 1),
            onsets_s=_onsets(chosen.get("onsets_s")),
            loudness_lufs=_number("loudness_lufs", chosen.get("loudness_lufs"), -40.0, -6.0)
            or default.loudness_lufs,
            denoise=_flag("denoise", chosen.get("denoise", True)),
        )
        return options

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON-able values."""
        return asdict(self)

    @property
    def meter_parts(self) -> tuple[int, int] | None:
        """Beats and beat type of ``meter``."""
        if self.meter is None:
            return None
        beats, beat_type = self.meter.split("/")
        return int(beats), int(beat_type)


def _choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InvalidOption(option=name, expected=f"one of {', '.join(allowed)}")
    return str(value)


def _number(name: str, value: object, lowest: float, highest: float) -> float | None:
    if value is None:
        return None
    expected = f"a number from {lowest:g} to {highest:g}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidOption(option=name, expected=expected)
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:  # an integer may be too large for any float
        raise InvalidOption(option=name, expected=expected) from error
    if not lowest <= number <= highest:
        raise InvalidOption(option=name, expected=expected)
    return number


def _whole(name: str, value: object, lowest: int, highest: int) -> int | None:
    number = _number(name, value, lowest, highest)
    if number is None:
        return None
    if number != int(number):
        raise InvalidOption(option=name, expected=f"a whole number from {lowest} to {highest}")
    return int(number)


def _flag(name: str, value: object) -> bool:
    """Forms send words, JSON sends truths."""
    if value in (True, "true", "on", "1"):
        return True
    if value in (False, "false", "off", "0"):
        return False
    raise InvalidOption(option=name, expected="true or false")


def _model_name(value: object) -> str:
    if not isinstance(value, str) or not _MODEL_NAME.match(value):
        raise InvalidOption(option="separation_model", expected="the name of a Demucs model")
    return value


def _onsets(value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_ONSETS:
        raise InvalidOption(option="onsets_s", expected=f"a list of 1 to {MOST_ONSETS} times in seconds")
    times = [_number("onsets_s", time, 0.0, _LONGEST_SONG_S) for time in value]
    return tuple(sorted(time for time in times if time is not None))


def _meter(value: object) -> str | None:
    if value is None:
        return None
    match = _METER.match(value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[1]) <= 16:
        raise InvalidOption(option="meter", expected="a time signature such as 4/4, 3/4 or 6/8")
    return match[0]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise InvalidOption(option=name, expected=f"text of at most {_LONGEST_TEXT} characters")
    return one_line(value)
