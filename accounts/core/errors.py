"""The one kind of error that a sender can act on."""

from __future__ import annotations

from typing import ClassVar


class DrumError(Exception):
    """Something the sender can act on; anything else is our bug and travels on.

    ``code`` is stable: clients and translations depend on it. ``message`` says what happened, for a person,
    and may name details (``{maximum_s:g}``); ``hint`` says what to try.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "Something went wrong."
    hint: ClassVar[str] = ""

    def __init__(self, **details: object) -> None:
        super().__init__(self.message.format(**details) if details else self.message)
        self.details: dict[str, object] = dict(details)
