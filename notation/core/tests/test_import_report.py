"""The report of an import: each kind of finding is told once, and explained in the documents."""

from __future__ import annotations

import re
from pathlib import Path

from notation.core.readers.report import Findings

READERS = Path(__file__).parents[1] / "readers"
DOCUMENT = Path(__file__).parents[3] / "docs" / "imports.md"


def test_what_says_the_same_is_one_finding_with_its_first_bar_and_count():
    findings = Findings()

    findings.add("text_left_out", "Texts were left out.", 3)
    findings.add("part_left_out", "The part 'Bass' was left out.")
    findings.add("text_left_out", "Texts were left out.", 7, count=2)

    told = [(finding.code, finding.bar, finding.count) for finding in findings.all()]
    assert told == [("text_left_out", 3, 3), ("part_left_out", None, 1)]


def test_a_hostile_file_cannot_make_the_report_endless():
    findings = Findings()

    for number in range(10_000):
        findings.add("instrument_by_place", f"Place {number}.", number)

    assert len(findings.all()) == 100


def test_every_code_is_explained():
    source = "".join(path.read_text("utf-8") for path in READERS.glob("*.py"))

    told = set(re.findall(r"findings\.add\(\s*\"([a-z_]+)\"", source))

    explained = set(re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE))
    assert told == {code for code in explained if not code.startswith("import_")}
    assert len(told) > 20
