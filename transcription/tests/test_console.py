"""How the stages look in a terminal."""

from __future__ import annotations

import io

import pytest

from transcription.console import StageBars
from transcription.core.operations import Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.result import Finding
from transcription.core.song_run import FinishedStage

_STAGES = stages_of(Operation.TRANSCRIBE, JobOptions())


class Terminal(io.TextIOWrapper):
    """What a person would see, kept in memory."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.shown = io.BytesIO()
        super().__init__(self.shown, encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        """Be a terminal."""
        return True

    def lines(self) -> list[str]:
        """Return the lines as they stand in the end, each redrawing over what was there."""
        self.flush()
        text = self.shown.getvalue().decode(self.encoding)
        return [line.rpartition("\r\x1b[K")[2] for line in text.rstrip("\n").split("\n")]


@pytest.fixture(autouse=True)
def _wide_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_bar_grows_with_the_fraction() -> None:
    terminal = Terminal()
    bars = StageBars(terminal)

    shown = []
    for fraction in (0.0, 0.25, 0.5, 1.0):
        bars.progress(_STAGES[1], fraction)
        shown.append(terminal.lines()[-1])

    assert [line.count("█") for line in shown] == [0, 7, 15, 30]
    assert "Hearing the drums" in shown[0]
    assert " 25%" in shown[1]


def test_a_finished_stage_and_its_warning_stay_standing() -> None:
    terminal = Terminal()
    bars = StageBars(terminal)
    bars.progress(_STAGES[0], 0.3)

    bars.done(FinishedStage(_STAGES[0], (Finding("damaged", "A second was lost."),), "", 1.0, 1.0))

    assert len(terminal.lines()) == 2
    assert "100%" in terminal.lines()[0]
    assert terminal.lines()[1] == "  Note: A second was lost."


def test_a_narrow_terminal_gets_no_line_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    terminal = Terminal()

    StageBars(terminal).progress(_STAGES[1], 0.5)

    assert len(terminal.lines()[0]) < 44


def test_a_terminal_without_unicode_gets_plain_signs() -> None:
    terminal = Terminal(encoding="latin-1")

    StageBars(terminal).progress(_STAGES[1], 0.5)

    assert "#" * 15 in terminal.lines()[0]
