"""What whoever trains can mend: the command says it in a sentence."""

from __future__ import annotations


class CannotTrain(ValueError):
    """What was handed in cannot be learnt from, or with; says which and why."""
