"""People's words, without what nobody can read."""

from __future__ import annotations


def readable(text: str) -> str:
    """Return ``text`` without control characters such as NUL, which PostgreSQL does not store; lines stay."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t").strip()


def one_line(text: str) -> str:
    """Return ``text`` as words parted by single blanks."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
