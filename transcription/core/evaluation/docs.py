"""The tables of ``docs/accuracy.md``, put where the document wants them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from transcription.core.evaluation.reference import UnusableInput
from transcription.core.evaluation.tables import Table

_END = "<!-- end -->"


def fill_document(path: Path, name: str, introduction: str, tables: Sequence[Table]) -> None:
    """Replace, in the Markdown document ``path``, what stands in the places that begin with ``name``.

    A place is ``<!-- songs: Tolerance -->`` to ``<!-- end -->`` for the table called so, and
    ``<!-- songs: introduction -->`` for the ``introduction``. Everything else stays as it is.

    Raises:
        UnusableInput: there is no such document, it has no such place, or a place names no table.
    """
    bodies = {table.title: table.markdown_body() for table in tables} | {"introduction": introduction}
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror or error}") from error
    place = re.compile(rf"<!-- {re.escape(name)}: (?P<title>[^>]+) -->\n.*?{_END}", re.DOTALL)
    titles = [found["title"] for found in place.finditer(text)]
    if not titles:
        raise UnusableInput(f"{path} has no place for a table of {name}")
    unknown = sorted(set(titles) - set(bodies))
    if unknown:
        raise UnusableInput(f"{path} has a place for {', '.join(unknown)}, and there is no such table")
    path.write_text(
        place.sub(lambda found: f"<!-- {name}: {found['title']} -->\n{bodies[found['title']]}\n{_END}", text),
        "utf-8",
    )
