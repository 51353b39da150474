"""Editing a score by small commands, and telling what is different between two of its revisions."""

from notation.core.edits.application import Edited, apply_commands
from notation.core.edits.diff import ScoreDiff, compare
from notation.core.errors import BadCommand

__all__ = ["BadCommand", "Edited", "ScoreDiff", "apply_commands", "compare"]
