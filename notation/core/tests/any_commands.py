"""Any list of edit commands, sensible and foolish, for a given score."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score

POSITIONS = ["0", "1/4", "1/3", "1/2", "2/3", "3/4", "1", "3/2", "7/4", "2", "8/3", "3", "7/2", "1/5", "1/9"]
STEPS = ["1/4", "-1/4", "1/2", "-1/2", "1/3", "1", "-1", "4", "-3"]
LIKE = st.sampled_from([None, None, "hits", "bars"])


def commands_for(score: Score, most: int = 6) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of commands, most of which can be carried out when they are the first."""
    ids = [placed.hit.id for placed in score.hits] + ["e1", "e2", "nobody"]
    hit = st.sampled_from(ids)
    hits = st.lists(hit, min_size=1, max_size=4)
    bar = st.integers(score.bars[0].number, score.bars[-1].number + 1)
    instrument = st.sampled_from([name.value for name in InstrumentName])
    velocity = st.integers(1, 127)
    mark = st.sampled_from([mark.value for mark in Mark])
    position = st.sampled_from(POSITIONS)

    def command(op: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"op": st.just(op), **fields})

    run = st.tuples(bar, st.integers(0, 3))
    one = st.one_of(
        command("add", bar=bar, position=position, instrument=instrument, like=LIKE),
        command("add", grace_of=hit, like=LIKE),
        command("remove", ids=hits, like=LIKE),
        command("move", ids=hits, by=st.sampled_from(STEPS), like=LIKE),
        command("move", id=hit, bar=bar, position=position, like=LIKE),
        command("set_instrument", ids=hits, instrument=instrument, like=LIKE),
        command("set_velocity", ids=hits, velocity=velocity, like=LIKE),
        command("mark", ids=hits, mark=mark, like=LIKE),
        command("unmark", ids=hits, mark=mark, like=LIKE),
        command("set_tempo", bar=bar, bpm=st.one_of(st.none(), st.integers(40, 240))),
        command(
            "set_meter",
            bar=bar,
            beats=st.sampled_from([2, 3, 4, 5, 6, 7, 9, 12]),
            beat_type=st.sampled_from([2, 4, 8, 16]),
            keep=st.sampled_from([None, "notes", "beats"]),
        ),
        command("set_bar_one", bar=bar, beat=st.integers(1, 4)),
        command("insert_bars", before=bar, count=st.integers(1, 3)),
        run.map(lambda run: {"op": "delete_bars", "from": run[0], "to": run[0] + run[1]}),
        st.tuples(run, bar, st.sampled_from(["before", "over"])).map(
            lambda copy: {
                "op": "copy_bars",
                "from": copy[0][0],
                "to": copy[0][0] + copy[0][1],
                copy[2]: copy[1],
            }
        ),
        command("set_section", bar=bar, name=st.sampled_from([None, "A", "Verse"])),
        command(
            "set_swing",
            bar=bar,
            swing=st.sampled_from([None, "eighth", "16th"]),
            keep=st.sampled_from(["writing", "sound"]),
        ),
        command("set_title", title=st.sampled_from(["Other", "Song"])),
    )
    return st.lists(one, min_size=1, max_size=most)
