"""How much an import may be. Far beyond any song, and still seconds of work and some hundred megabytes."""

from __future__ import annotations

from notation.core.readers.errors import ImportTooLarge

MAX_FILE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 50_000_000  # of a compressed file
MAX_MIDI_BYTES = 3_000_000  # 200,000 strokes, each switched on and off
MAX_TRACKS = 1_000
MAX_TAGS = 3_000_000
MAX_NOTES = 200_000
MAX_NOTES_A_BAR = 3_000  # four limbs in 32nds through the longest bar are 2,048
MAX_GRACES = 500  # before one note: a roll of fifteen seconds
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


def check_notes_of_bar(count: int, bar: int) -> None:
    """Refuse more notes than a bar has that can be read; ``bar`` is the file's, from 1."""
    if count > MAX_NOTES_A_BAR:
        raise ImportTooLarge(reason=f"bar {bar} has more than {MAX_NOTES_A_BAR} notes")


def check_graces(count: int) -> None:
    """Refuse more grace notes than can lead to one note."""
    if count > MAX_GRACES:
        raise ImportTooLarge(reason=f"a note has more than {MAX_GRACES} grace notes")
