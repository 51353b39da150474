"""Sound out of a transport stream, the container of broadcasts and of many pages, into Matroska."""

from __future__ import annotations

from pathlib import Path

import av

_PACKET_BYTES = 188
_SYNC = 0x47


def is_transport_stream(path: Path) -> bool:
    """Whether a file begins like an MPEG transport stream: a sync byte every 188 bytes."""
    with path.open("rb") as file:
        head = file.read(4 * _PACKET_BYTES)
    marks = head[::_PACKET_BYTES]
    return len(marks) == 4 and all(mark == _SYNC for mark in marks)


def sound_of_transport_stream(path: Path, target: Path) -> bool:
    """Copy the sound, as it is encoded, to ``target``; False when there is none or it cannot be read."""
    written = False
    try:
        with path.open("rb") as file, av.open(file, mode="r", format="mpegts") as source:
            if not source.streams.audio:
                return False
            with av.open(str(target), mode="w", format="matroska") as copy:
                stream = copy.add_stream_from_template(source.streams.audio[0])
                for packet in source.demux(source.streams.audio[0]):
                    if packet.dts is not None:
                        packet.stream = stream
                        copy.mux(packet)
                        written = True
    except av.error.FFmpegError:
        return False
    return written
