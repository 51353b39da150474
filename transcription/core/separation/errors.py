"""What can be wrong with a separator's files."""

from __future__ import annotations

from accounts.core.errors import DrumError


class SeparatorMissing(DrumError):
    """No file of that name, or not all the files that a bag names."""

    code = "separator_missing"
    message = "The separator “{name}” is not installed here."
    hint = "Choose another separator, or ask an administrator to install its weights."


class SeparatorDamaged(DrumError):
    """The files are there, but not what was published."""

    code = "separator_damaged"
    message = "The weights of the separator “{name}” are damaged: {reason}."
    hint = "Ask an administrator to install its weights again."


class SeparatorRefused(DrumError):
    """Intact files, perhaps, that hold something which we do not load or cannot use."""

    code = "separator_refused"
    message = "The separator “{name}” cannot be used: {reason}."
    hint = "Choose one of Demucs' own separators, such as htdemucs."
