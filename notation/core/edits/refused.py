"""Why a command cannot be carried out, before it is known which of many it was."""

from __future__ import annotations


class Refused(Exception):
    """Raised by a command's own code with a reason that a person understands; becomes ``BadCommand``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
