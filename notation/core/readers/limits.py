"""How much an import may be. Far beyond any song, and still seconds of work and some hundred megabytes."""

from __future__ import annotations

from notation.core.readers.errors import ImportTooLarge
from notation.core.score_limits import MOST_BARS, MOST_HITS

MAX_FILE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 50_000_000  # of a compressed file
MAX_MIDI_BYTES = 3_000_000  # 200,000 strokes, each switched on and off
MAX_TRACKS = 1_000
MAX_TAGS = 3_000_000
MAX_NOTES = 200_000  # of all parts, rests and what becomes one stroke counted; of a score see MOST_HITS
MAX_NOTES_A_BAR = 3_000  # four limbs in 32nds through the longest bar are 2,048
MAX_GRACES = 500  # before one note: a roll of fifteen seconds
MAX_BARS = MOST_BARS + 10  # as read; silence that makes room for a first grace note is left out


def check_bytes(size: int, largest: int) -> None:
    """Refuse more bytes than ``largest``."""
    if size > largest:
        raise ImportTooLarge(reason=f"it has {size / 1e6:.1f} MB, and {largest / 1e6:g} MB are allowed")


def check_tracks(count: int) -> None:
    """Refuse more tracks than any sequencer writes."""
    if count > MAX_TRACKS:
        raise ImportTooLarge(reason=f"it has {count} tracks, and {MAX_TRACKS} are allowed")


def check_notes(count: int) -> None:
    """Refuse more notes than any file needs for a score that can be stored."""
    if count > MAX_NOTES:
        raise ImportTooLarge(reason=f"it has more than {MAX_NOTES} notes")


def check_bars(count: int) -> None:
    """Refuse more bars than any file needs for a score that can be stored."""
    if count > MAX_BARS:
        raise ImportTooLarge(reason=f"it has more than {MOST_BARS} bars")


def check_score(hits: int, bars: int) -> None:
    """Refuse a score that is too long to be stored."""
    if bars > MOST_BARS:
        raise ImportTooLarge(reason=f"it has {bars} bars, and {MOST_BARS} are allowed")
    if hits > MOST_HITS:
        raise ImportTooLarge(reason=f"it has more than {MOST_HITS} strokes")


def check_notes_of_bar(count: int, bar: int) -> None:
    """Refuse more notes than a bar has that can be read; ``bar`` is the file's, from 1."""
    if count > MAX_NOTES_A_BAR:
        raise ImportTooLarge(reason=f"bar {bar} has more than {MAX_NOTES_A_BAR} notes")


def check_graces(count: int) -> None:
    """Refuse more grace notes than can lead to one note."""
    if count > MAX_GRACES:
        raise ImportTooLarge(reason=f"a note has more than {MAX_GRACES} grace notes")
