"""The sound tracks of a file: a film has one for each language, a stems file one for each instrument."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from av.audio.stream import AudioStream
from av.container import InputContainer

from accounts.core.text import one_line

_LANGUAGE_LENGTH = 16
_TITLE_LENGTH = 120
# What programs write where a title could stand.
_NO_TITLES = {"soundhandler", "sound media handler", "core media audio", "apple sound media handler"}


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One track, as the headers describe it.

    ``index`` counts the sound tracks from 0, in the file's order. ``codec`` is FFmpeg's name, "" where nobody
    knows it; then ``rate`` and ``channels`` are 0. ``language`` is the file's own word, mostly of ISO 639-2,
    and ``title`` too; both may be "". ``is_default`` marks the one that is read when none is named.
    """

    index: int
    codec: str
    channels: int
    rate: int
    language: str
    title: str
    is_default: bool

    def as_dict(self) -> dict[str, object]:
        """Return it in a form that can be stored and sent as JSON."""
        return asdict(self)


def default_stream(container: InputContainer) -> AudioStream | None:
    """Return the sound track that a player would choose; None when there is no sound."""
    best = container.streams.best("audio")
    readable = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if isinstance(best, AudioStream) and (best.codec_context is not None or not readable):
        return best
    return next(iter([*readable, *container.streams.audio]), None)


def sound_tracks(container: InputContainer) -> tuple[SoundTrack, ...]:
    """Describe every sound track of an open file."""
    default = default_stream(container)
    return tuple(
        _described(number, stream, is_default=default is not None and stream.index == default.index)
        for number, stream in enumerate(container.streams.audio)
    )


def _described(number: int, stream: AudioStream, *, is_default: bool) -> SoundTrack:
    context = stream.codec_context  # PyAV gives none where FFmpeg has no decoder
    words = {name.lower(): one_line(value) for name, value in stream.metadata.items()}
    titles = (words.get(name, "") for name in ("title", "name", "handler_name"))
    language = words.get("language", "")
    return SoundTrack(
        index=number,
        codec=context.name if context is not None else "",
        channels=context.channels if context is not None else 0,
        rate=context.sample_rate if context is not None else 0,
        language="" if language == "und" else language[:_LANGUAGE_LENGTH],
        title=next((title for title in titles if title and title.lower() not in _NO_TITLES), "")[
            :_TITLE_LENGTH
        ],
        is_default=is_default,
    )
