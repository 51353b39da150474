"""What a file is, told from its content: container, codec, length, rate, channels. Nothing is decoded here.

A file comes from anybody, so FFmpeg gets no more than it needs: a short list of formats, no protocol, no file
name (its extension would otherwise sway the guess, and ``concat:`` or ``http:`` names would be followed).
The web process never opens a stranger's file itself: :func:`probe_in_child` asks a child process that may
crash, hang or eat memory at its own expense.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream

from accounts.core.errors import DrumError
from media.core.errors import (
    AudioTooLong,
    EmptyFile,
    NoSound,
    NoSuchTrack,
    NotAudio,
    UndecodableAudio,
    UnsupportedAudio,
)
from media.core.tracks import SoundTrack, default_stream, sound_tracks

FORMAT_WHITELIST = "mp3,wav,flac,ogg,aac,aiff,asf,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi"
MINIMUM_RATE = 8_000
MAXIMUM_RATE = 192_000
MAXIMUM_CHANNELS = 8
# FFmpeg reserves 0.7 MB a track, so that a few kB of headers could ask for most of a GB. Chosen: no song
# file has more than some dozens.
MAXIMUM_TRACKS = 100

# First bytes of the formats above, at their offsets: a file that has them and cannot be opened is damaged.
_SIGNATURES = (
    (0, b"RIFF"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"FORM"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"\x30\x26\xb2\x75"),
    (4, b"ftyp"),
)
_CHILD_MEMORY_BYTES = 3 << 30  # address space; a probe of a good file peaks near 0.5 GB, mostly libraries
_LOWEST_BYTES_PER_S = 500  # below the thinnest speech codec: a header that claims less is not to be believed


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file's headers say.

    ``duration_s`` is None when no header says it. ``container`` is one of mp3, wav, flac, ogg, opus, aac,
    aiff, wma, m4a, mp4, mov, mkv, webm, avi; ``codec`` is FFmpeg's name of the sound's codec.
    ``tracks`` are all sound tracks of the file; the other fields describe the one that is read.
    """

    container: str
    codec: str
    duration_s: float | None
    rate: int
    channels: int
    has_video: bool
    tracks: tuple[SoundTrack, ...] = ()


class _Nameless:
    """A file without its name, so that only its content can decide how FFmpeg reads it."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open ``path`` for demuxing, guarded as the module says.

    Raises:
        EmptyFile, NotAudio: it is nothing we read.
        UndecodableAudio: it starts like a format we read, but cannot be opened.
    """
    if path.stat().st_size == 0:
        raise EmptyFile
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(0)
        try:
            container = av.open(
                _Nameless(file),
                mode="r",
                options={
                    "format_whitelist": FORMAT_WHITELIST,
                    "protocol_whitelist": "file",
                    "codec_whitelist": _sound_decoders(),
                    "max_streams": str(MAXIMUM_TRACKS),
                },
                metadata_errors="replace",  # old tags are Latin-1, damaged ones anything
            )
        except av.error.FFmpegError as error:
            damaged = any(head[at : at + len(mark)] == mark for at, mark in _SIGNATURES)
            raise (UndecodableAudio if damaged else NotAudio) from error
        with container:
            yield container


@cache
def _sound_decoders() -> str:
    # On opening FFmpeg decodes a picture of each kind to learn its format: a cover of 1.2 MB took 1.2 GB and
    # ten seconds (measured). No picture is looked at here.
    names = (name for name in av.codec.codecs_available if _is_sound_decoder(name))
    return ",".join(sorted(names))


def _is_sound_decoder(name: str) -> bool:
    try:
        return av.codec.Codec(name, "r").type == "audio"
    except ValueError:  # an encoder only
        return False


def sound_stream(container: InputContainer, track: int | None = None) -> AudioStream:
    """Return sound track ``track``, counted from 0; None: the one that a player would choose.

    Raises:
        NoSound: there is a picture, but no sound.
        NoSuchTrack: there are fewer tracks.
        NotAudio: there is neither.
        UndecodableAudio: nobody knows its codec.
        UnsupportedAudio: its rate or its number of channels is out of range.
    """
    if not container.streams.audio:
        raise NoSound if any(_is_picture(stream) for stream in container.streams) else NotAudio
    if track is not None and not 0 <= track < len(container.streams.audio):
        tracks = sound_tracks(container)
        raise NoSuchTrack(track=track, count=len(tracks), tracks=[entry.as_dict() for entry in tracks])
    stream = default_stream(container) if track is None else container.streams.audio[track]
    if stream is None or stream.codec_context is None:  # PyAV gives none where FFmpeg has no decoder
        raise UndecodableAudio
    if not stream.rate:
        raise NotAudio  # noise that happens to hold a sync word opens as mp3 at rate 0
    channels = stream.codec_context.channels
    if not (MINIMUM_RATE <= stream.rate <= MAXIMUM_RATE and 1 <= channels <= MAXIMUM_CHANNELS):
        raise UnsupportedAudio(rate=stream.rate, channels=channels)
    return stream


def describe(container: InputContainer, stream: AudioStream, head: bytes = b"") -> MediaInfo:
    """Return what the headers of an open file say; ``head`` is its first bytes, which tell webm from mkv."""
    duration_s: float | None = None
    if stream.duration is not None and stream.time_base is not None:
        duration_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration_s = container.duration / av.time_base
    return MediaInfo(
        container=_container_name(container, stream, head),
        codec=stream.codec_context.name,
        duration_s=duration_s if duration_s is not None and duration_s > 0 else None,
        rate=stream.rate,
        channels=stream.codec_context.channels,
        has_video=has_picture(container),
        tracks=sound_tracks(container),
    )


def probe(path: Path, *, max_duration_s: float | None = None) -> MediaInfo:
    """Say what the file at ``path`` is, from its headers.

    Some headers lie about the length or only guess it. So when one claims more than ``max_duration_s``, the
    packets are counted, up to that limit, before the file is refused.

    Raises:
        EmptyFile, NotAudio, NoSound, UndecodableAudio, UnsupportedAudio: see their classes.
        AudioTooLong: the sound lasts longer than ``max_duration_s``.
    """
    with open_media(path) as container:
        stream = sound_stream(container)
        info = describe(container, stream, read_head(path))
        if max_duration_s is None or info.duration_s is None or info.duration_s <= max_duration_s:
            return info
        believable = path.stat().st_size >= _LOWEST_BYTES_PER_S * max_duration_s
        if believable and _lasts_longer_than(container, stream, max_duration_s):
            raise AudioTooLong(maximum_s=max_duration_s, duration_s=round(info.duration_s, 1))
        return replace(info, duration_s=None)


def probe_in_child(
    path: Path, *, max_duration_s: float | None = None, time_limit_s: float = 20.0
) -> MediaInfo:
    """Do as :func:`probe` does, in a child process with limits on time and memory.

    Raises:
        UndecodableAudio: the child crashed or ran out of time or memory on this file.
        And whatever :func:`probe` raises.
    """
    arguments = [str(path.absolute()), str(max_duration_s or ""), str(time_limit_s)]
    # Only what Python and the dynamic linker need: no secret of the site goes near a stranger's file.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "media.core.probing", *arguments],
            capture_output=True,
            timeout=time_limit_s + 5,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UndecodableAudio from error
    if done.returncode != 0:
        if b"ModuleNotFoundError" in done.stderr or b"No such file" in done.stderr:
            raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
        raise UndecodableAudio
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise _ERRORS[answer["error"]](**answer["details"])
    return MediaInfo(**{**answer, "tracks": tuple(SoundTrack(**track) for track in answer["tracks"])})


_ERRORS: dict[str, type[DrumError]] = {
    error.code: error
    for error in (AudioTooLong, EmptyFile, NoSound, NotAudio, UndecodableAudio, UnsupportedAudio)
}


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(64)


def has_picture(container: InputContainer) -> bool:
    """Whether there is a moving picture; the cover of an album does not count."""
    return any(_is_picture(stream) for stream in container.streams)


def _is_picture(stream: Stream) -> bool:
    return stream.type == "video" and not stream.disposition & Disposition.attached_pic


def _container_name(container: InputContainer, stream: AudioStream, head: bytes) -> str:
    names = container.format.name.split(",")
    if "matroska" in names:
        return "webm" if b"webm" in head else "mkv"
    if "mov" in names:
        brand = container.metadata.get("major_brand", "").strip().lower()
        if brand == "qt":
            return "mov"
        return "mp4" if has_picture(container) else "m4a"
    if names[0] == "ogg":
        return "opus" if stream.codec_context.name in {"opus", "libopus"} else "ogg"
    return {"asf": "wma"}.get(names[0], names[0])


def _lasts_longer_than(container: InputContainer, stream: AudioStream, limit_s: float) -> bool:
    seconds = 0.0
    try:
        for packet in container.demux(stream):
            if packet.duration and packet.time_base:
                seconds += float(packet.duration * packet.time_base)
            if seconds > limit_s:
                return True
    except av.error.FFmpegError:
        return False  # damaged further on: what can be decoded decides, later
    return False


def _main(arguments: list[str]) -> None:
    path, limit, seconds = Path(arguments[0]), arguments[1], float(arguments[2])
    cpu_s = max(1, int(seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_MEMORY_BYTES, _CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        answer: dict[str, object] = asdict(probe(path, max_duration_s=float(limit) if limit else None))
    except DrumError as error:
        answer = {"error": error.code, "details": error.details}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main(sys.argv[1:])
