"""From a file to sound, whatever the format, however damaged.

Nothing is believed that a header says: decoding goes on for as long as there is sound, and stops at the
caller's limit. Damaged packets are skipped and their time is kept as silence, so that a hit after the
damage still has its true time. Rates are changed by soxr, channels are mixed in NumPy: swresample would
attenuate mono by 3 dB and overload a 5.1 mix.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import AudioTooLong, AudioTooShort, SilentAudio, UndecodableAudio, UnsupportedAudio
from media.core.probing import (
    MAXIMUM_RATE,
    MINIMUM_RATE,
    MediaInfo,
    describe,
    has_picture,
    open_media,
    probe,
    read_head,
    sound_stream,
)

__all__ = [
    "DEFAULT_RATE",
    "AudioWarning",
    "DecodedAudio",
    "Decoding",
    "MediaInfo",
    "decode",
    "decode_in_pieces",
    "probe",
]

DEFAULT_RATE = 44_100
MINIMUM_DURATION_S = 1.0
SILENCE_PEAK = 1e-4  # -80 dBFS: a few steps of 16-bit dither; no drum is softer
_CEILING = 8.0  # +18 dBFS; a float file may hold anything, and squares of 1e30 overflow
_GAP_TOLERANCE_S = 0.012  # under the shortest lost packet (20 ms), over the 1 ms clock of Matroska and ASF
_LONGEST_GAP_S = 30.0  # a longer leap of the clock is a restarted stream, not lost sound
_LONGEST_GAPS_S = 120.0  # nor are more of them than this and the sound itself: a clock that lies costs memory
_MISSING_SHARE = 0.01  # headers are off by a packet or two: less than this, or half a second, is none
_MISSING_S = 0.5
_REPORT_EVERY_S = 5.0
_PADDING_S = 0.1  # encoders fill their last packets: sound of just the limit may decode to a little more

# ITU-R BS.775 downmix: a speaker's share in left and right. The LFE channel is left out, as there.
_HALF_POWER = 2**-0.5
_DOWNMIX: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "LFE": (0.0, 0.0),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
    "FLC": (1.0, 0.0),
    "FRC": (0.0, 1.0),
    "BC": (0.5, 0.5),
}


@dataclass(frozen=True, slots=True)
class AudioWarning:
    """What the sender should know about usable sound: ``audio_truncated`` or ``audio_damaged``."""

    code: str
    message: str
    details: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class DecodedAudio(Audio):
    """Sound from a file: what the file said it is, and what was wrong with it."""

    info: MediaInfo
    warnings: tuple[AudioWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoding:
    """What is known of a sound whose pieces were handed on: ``samples`` of each of its ``channels``."""

    rate: int
    channels: int
    samples: int
    info: MediaInfo
    warnings: tuple[AudioWarning, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.rate


def decode(
    path: Path,
    *,
    max_duration_s: float,
    rate: int = DEFAULT_RATE,
    min_duration_s: float = MINIMUM_DURATION_S,
    track: int | None = None,
    report: Callable[[float], None] | None = None,
) -> DecodedAudio:
    """Decode the sound of a file into memory; otherwise as :func:`decode_in_pieces`."""
    pieces: list[NDArray[np.float32]] = []
    done = decode_in_pieces(
        path,
        pieces.append,
        max_duration_s=max_duration_s,
        rate=rate,
        min_duration_s=min_duration_s,
        track=track,
        report=report,
    )
    return DecodedAudio(
        samples=np.concatenate(pieces, axis=1), rate=rate, info=done.info, warnings=done.warnings
    )


def decode_in_pieces(
    path: Path,
    take: Callable[[NDArray[np.float32]], object],
    *,
    max_duration_s: float,
    rate: int = DEFAULT_RATE,
    min_duration_s: float = MINIMUM_DURATION_S,
    track: int | None = None,
    report: Callable[[float], None] | None = None,
) -> Decoding:
    """Decode the sound of an audio or video file, however long, without ever holding it whole.

    Args:
        path: any file of the formats in :data:`media.core.probing.FORMAT_WHITELIST`, by any name.
        take: is handed the sound in order, in pieces of about a second: float32 of shape (1 or 2, samples).
            Mono stays mono, more than two channels become stereo. Sample 0 is the first sample of the sound,
            encoder delay removed; in a video whose sound starts late, the first instant of the picture. If
            this raises in the end, what was handed on is worth nothing.
        max_duration_s: decoding stops with ``AudioTooLong`` when there is more sound than this.
        rate: of the result, samples a second.
        min_duration_s: shorter sound is refused.
        track: which sound track, counted from 0 as in ``MediaInfo.tracks``; None: a player's choice.
        report: called with the fraction done, 0..1, now and then, if the length is known.
    Raises:
        EmptyFile, NotAudio, NoSound, NoSuchTrack, UnsupportedAudio: see their classes.
        UndecodableAudio: not one sample can be decoded.
        AudioTooLong, AudioTooShort, SilentAudio: the sound itself is refused.
    """
    with open_media(path) as container:
        stream = sound_stream(container, track)
        info = describe(container, stream, read_head(path))
        sound = _Track(take, rate=rate, max_duration_s=max_duration_s)
        reading = _read(container, stream, sound, report if info.duration_s else None, info.duration_s or 0.0)
        sound.finish()

    if sound.samples == 0:
        raise UndecodableAudio
    duration_s = sound.samples / rate
    if duration_s < min_duration_s:
        raise AudioTooShort(duration_s=round(duration_s, 3), minimum_s=min_duration_s)
    if sound.peak < SILENCE_PEAK:
        raise SilentAudio
    if report is not None:
        report(1.0)
    warnings = _warnings(path, info, sound, reading)
    return Decoding(rate, sound.channels, sound.samples, info, warnings)


@dataclass(slots=True)
class _Reading:
    """What went wrong while reading packets."""

    damaged_packets: int = 0
    last_is_damaged: bool = False
    broke_off: bool = False
    unclocked_s: float = 0.0  # lost time that the stream's clock did not count, until it is made up for


def _read(
    container: InputContainer,
    stream: AudioStream,
    track: _Track,
    report: Callable[[float], None] | None,
    duration_s: float,
) -> _Reading:
    reading = _Reading()
    start_s = max(0.0, (container.start_time or 0) / av.time_base) if has_picture(container) else None
    next_report_s = _REPORT_EVERY_S
    for frame in _frames(container, stream, reading):
        if not MINIMUM_RATE <= frame.sample_rate <= MAXIMUM_RATE:
            raise UnsupportedAudio(rate=frame.sample_rate, channels=len(frame.layout.channels))
        if start_s is not None and frame.time is not None:
            track.start_at(start_s)
        track.shift_clock(reading.unclocked_s)
        reading.unclocked_s = 0.0
        track.add(_as_float(frame), frame.sample_rate, frame.time)
        if report is not None and track.position_s >= next_report_s:
            report(min(1.0, track.position_s / duration_s))
            next_report_s = track.position_s + _REPORT_EVERY_S
    return reading


def _frames(container: InputContainer, stream: AudioStream, reading: _Reading) -> Iterator[AudioFrame]:
    # mp3 and ADTS carry no clock: FFmpeg counts packets, and makes all bytes up to the next sync word one.
    is_clocked = not {"mp3", "aac"} & set(container.format.name.split(","))
    good_bytes, good_s = 0, 0.0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            reading.broke_off = True
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            reading.damaged_packets += 1
            reading.last_is_damaged = True
            if not is_clocked and good_bytes and b"ID3" not in bytes(packet)[:4096]:
                lost_s = packet.size * good_s / good_bytes - _length_s(packet)
                reading.unclocked_s += min(max(0.0, lost_s), _LONGEST_GAP_S)
            continue
        good_bytes, good_s = good_bytes + packet.size, good_s + _length_s(packet)
        reading.last_is_damaged = reading.last_is_damaged and packet.size == 0  # the flush at the end
        yield from (frame for frame in frames if isinstance(frame, AudioFrame) and frame.samples)


def _length_s(packet: Packet[AudioStream]) -> float:
    return float(packet.duration * packet.time_base) if packet.duration and packet.time_base else 0.0


def _as_float(frame: AudioFrame) -> NDArray[np.float32]:
    """Return float32 of shape (1 or 2, samples)."""
    if frame.format.name in {"s64", "s64p"}:  # no converter of PyAV takes them, and no song has them
        raise UndecodableAudio
    raw = frame.to_ndarray()
    channels = len(frame.layout.channels)
    if not frame.format.is_planar:
        raw = raw.reshape(-1, channels).T
    if raw.dtype == np.uint8:
        values = (raw.astype(np.float32) - 128.0) / 128.0
    elif raw.dtype.kind == "i":
        values = raw.astype(np.float32) / float(2 ** (8 * raw.dtype.itemsize - 1))
    else:
        values = np.nan_to_num(raw.astype(np.float32, copy=False), nan=0.0, posinf=_CEILING, neginf=-_CEILING)
        values = np.clip(values, -_CEILING, _CEILING)
    if channels > 2:
        values = _downmix(channels, tuple(channel.name for channel in frame.layout.channels)) @ values
    return values


def _downmix(channels: int, names: tuple[str, ...]) -> NDArray[np.float32]:
    shares = np.array([_DOWNMIX.get(name, (0.5, 0.5)) for name in names], dtype=np.float32).T
    if shares.shape[1] != channels or not shares.any(axis=1).all():
        shares = np.ones((2, channels), dtype=np.float32)
    # Shared out by the louder row, so that full scale in every speaker stays full scale.
    return np.asarray(shares / shares.sum(axis=1).max(), dtype=np.float32)


class _Track:
    """Brings pieces of sound to their own times and to one rate, and hands them on.

    ``samples`` counts what was handed on of each of its ``channels``; ``peak`` is the highest of it.
    """

    def __init__(
        self, take: Callable[[NDArray[np.float32]], object], *, rate: int, max_duration_s: float
    ) -> None:
        self.position_s = 0.0
        self.gaps_s = 0.0
        self.channels = 0
        self.samples = 0
        self.peak = 0.0
        self._take = take
        self._rate = rate
        self._max_duration_s = max_duration_s
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_samples = 0
        self._origin_s: float | None = None
        self._resampler: soxr.ResampleStream | None = None
        self._resampler_rate = 0

    def start_at(self, start_s: float) -> None:
        """Say what time of the file's clock is sample 0; otherwise it is that of the first piece."""
        if self._origin_s is None:
            self._origin_s = start_s

    def shift_clock(self, lost_s: float) -> None:
        """Say that so much was lost that the file's clock does not know of."""
        if lost_s and self._origin_s is not None:
            self._origin_s -= lost_s

    def add(self, piece: NDArray[np.float32], rate: int, time_s: float | None) -> None:
        """Append ``piece``, shape (1 or 2, samples), after silence if its time says that some was lost."""
        if time_s is not None:
            self._keep_time(time_s, piece.shape[0], rate)
        self._append(piece, rate)

    def finish(self) -> None:
        """Hand on what still waits."""
        self._end_resampling()
        self._hand_on()

    def _keep_time(self, time_s: float, channels: int, rate: int) -> None:
        if self._origin_s is None:
            self._origin_s = time_s
        gap_s = time_s - self._origin_s - self.position_s
        sound_s = self.position_s - self.gaps_s
        is_believable = gap_s <= _LONGEST_GAP_S and self.gaps_s + gap_s <= _LONGEST_GAPS_S + sound_s
        if not is_believable or gap_s < -1.0:
            self._origin_s = time_s - self.position_s
        elif gap_s > _GAP_TOLERANCE_S:
            if self.position_s > 0.0:  # silence before the first sound is no damage
                self.gaps_s += gap_s
            self._append(np.zeros((channels, round(gap_s * rate)), dtype=np.float32), rate)

    def _append(self, piece: NDArray[np.float32], rate: int) -> None:
        self.channels = self.channels or piece.shape[0]
        piece = _with_channels(piece, self.channels)
        self.position_s += piece.shape[1] / rate
        if self.position_s > self._max_duration_s + _PADDING_S:
            raise AudioTooLong(maximum_s=self._max_duration_s)
        if rate != self._resampler_rate:
            self._end_resampling()
            self._resampler_rate = rate
            if rate != self._rate:
                self._resampler = soxr.ResampleStream(
                    rate, self._rate, piece.shape[0], dtype="float32", quality="HQ"
                )
        if self._resampler is not None:
            piece = self._resampler.resample_chunk(np.ascontiguousarray(piece.T)).T
        self._store(piece)

    def _end_resampling(self) -> None:
        if self._resampler is not None:
            nothing = np.zeros((0, self.channels), dtype=np.float32)
            self._store(self._resampler.resample_chunk(nothing, last=True).T)
        self._resampler = None

    def _store(self, piece: NDArray[np.float32]) -> None:
        if piece.shape[1] == 0:
            return
        self._waiting.append(piece)
        self._waiting_samples += piece.shape[1]
        if self._waiting_samples >= self._rate:  # packets are a fortieth of that
            self._hand_on()

    def _hand_on(self) -> None:
        if not self._waiting:
            return
        piece = np.ascontiguousarray(np.concatenate(self._waiting, axis=1), dtype=np.float32)
        self._waiting, self._waiting_samples = [], 0
        self.samples += piece.shape[1]
        self.peak = max(self.peak, float(piece.max()), -float(piece.min()))
        self._take(piece)


def _with_channels(piece: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Make a stream that changes between mono and stereo keep what it started with."""
    if piece.shape[0] == channels:
        return piece
    if channels == 1:
        return np.asarray(piece.mean(axis=0, keepdims=True), dtype=np.float32)
    return np.repeat(piece, channels, axis=0)


def _warnings(path: Path, info: MediaInfo, track: _Track, reading: _Reading) -> tuple[AudioWarning, ...]:
    heard_s = round(track.position_s, 2)
    found: list[AudioWarning] = []
    promised_s = info.duration_s if _states_its_length(path, info) else None
    missing_s = promised_s - track.position_s if promised_s is not None else 0.0
    is_short = promised_s is not None and missing_s > max(_MISSING_S, _MISSING_SHARE * promised_s)
    cut_packet = info.container == "aac" and reading.last_is_damaged  # ADTS has no header to compare with
    if reading.broke_off or is_short or cut_packet or _ends_early(path, info):
        details = {"decoded_s": heard_s}
        if is_short and promised_s is not None:
            details["expected_s"] = round(promised_s, 2)
        message = f"The file breaks off: {heard_s:g} s of sound were found and used."
        found.append(AudioWarning("audio_truncated", message, details))
    # One bad packet at the end is how a file cut in two ends: that alone was said above.
    if track.gaps_s > 0.1 or reading.damaged_packets > (1 if found else 0):
        message = "Parts of the file are damaged; silence stands in for them."
        details = {"damaged_packets": float(reading.damaged_packets), "silence_s": round(track.gaps_s, 2)}
        found.append(AudioWarning("audio_damaged", message, details))
    return tuple(found)


def _states_its_length(path: Path, info: MediaInfo) -> bool:
    """Whether the header's length is a statement, not FFmpeg's guess from the bit rate."""
    if info.container == "aac":
        return False
    if info.container != "mp3":
        return True
    with path.open("rb") as file:
        head = file.read(10)
        tag_bytes = 0
        if head[:3] == b"ID3":
            tag_bytes = 10 + sum(
                byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
            )
        file.seek(tag_bytes)
        first_frame = file.read(4096)
    return any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))


def _ends_early(path: Path, info: MediaInfo) -> bool:
    """Whether the container's own book-keeping says that its end is missing, where FFmpeg does not notice."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if info.container == "wav":
            head = file.read(8)
            promised = struct.unpack("<I", head[4:8])[0] if head[:4] == b"RIFF" else 0
            # 0 and 0xFFFFFFFF are written by programs that do not know the length beforehand.
            return 0 < promised < 0xFFFFFFF0 and promised + 8 > size + 1
        if info.container in {"ogg", "opus"}:
            file.seek(max(0, size - 65_536 - 282))  # no page is longer
            tail = file.read()
            last_page = tail.rfind(b"OggS")
            return last_page < 0 or len(tail) < last_page + 6 or not tail[last_page + 5] & 0x04
    return False
