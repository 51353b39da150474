"""How much an import may be. Far beyond any song, and still seconds of work and some hundred megabytes."""

from __future__ import annotations

from notation.core.readers.errors import ImportTooLarge

MAX_FILE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 50_000_000  # of a compressed file
MAX_MIDI_BYTES = 3_000_000  # 200,000 strokes, each switched on and off
MAX_TRACKS = 1_000
MAX_TAGS = 3_000_000
MAX_NOTES = 200_000
MAX_BARS = 20_000


def check_bytes(size: int, largest: int) -> None:
    """Refuse more bytes than ``largest``."""
    if size > largest:
        raise ImportTooLarge(reason=f"it has {size / 1e6:.1f} MB, and {largest / 1e6:g} MB are allowed")


def check_tracks(count: int) -> None:
    """Refuse more tracks than any sequencer writes."""
    if count > MAX_TRACKS:
        raise ImportTooLarge(reason=f"it has {count} tracks, and {MAX_TRACKS} are allowed")


def check_notes(count: int) -> None:
    """Refuse more notes than any score has."""
    if count > MAX_NOTES:
        raise ImportTooLarge(reason=f"it has more than {MAX_NOTES} notes")


def check_bars(count: int) -> None:
    """Refuse more bars than any score has."""
    if count > MAX_BARS:
        raise ImportTooLarge(reason=f"it has more than {MAX_BARS} bars")
