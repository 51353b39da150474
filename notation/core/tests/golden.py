"""The golden files: every chart of ``charts.CHARTS`` as the writers wrote it when it was last looked at.

python -m notation.core.tests.golden        # write them anew; ``script/draw_charts`` draws the pictures too
"""

from __future__ import annotations

from pathlib import Path

from notation.core.tests.charts import CHARTS
from notation.core.writers.exports import ExportFormat, export

FOLDER = Path(__file__).with_name("golden")
# Text, so that a change shows in a review: what programs read, what an engraver reads, what a person reads.
FORMATS = (ExportFormat.MUSICXML, ExportFormat.LILYPOND, ExportFormat.TAB)


def golden_file(name: str, fmt: ExportFormat) -> Path:
    """Where the golden file of a chart is."""
    ending = {ExportFormat.MUSICXML: "musicxml", ExportFormat.LILYPOND: "ly", ExportFormat.TAB: "txt"}[fmt]
    return FOLDER / f"{name}.{ending}"


def main() -> None:
    """Write every golden file anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, score in CHARTS.items():
        for fmt in FORMATS:
            golden_file(name, fmt).write_bytes(export(score, fmt).content)


if __name__ == "__main__":
    main()
