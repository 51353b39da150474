"""What a person's charts are like, taken together."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.core.cache import caches
from django.db.models import Sum

from accounts.models import User
from notation.core.form.bar_grooves import count_grooves
from notation.models import Notation
from notation.pictures import writers_version
from notation.scores import score_of
from notation.selectors import notations_visible_to

_STEP_BPM = 10
_GROOVES_TOLD = 10
_GROOVES_OF_A_CHART = 40
_CHARTS_READ = 200  # for their grooves; the other figures are columns
_METERS_TOLD = 10
_KEPT_S = 30 * 86_400


def overview_of(user: User) -> dict[str, Any]:
    """Return figures about all charts of ``user``, in plain JSON values.

    ``tempi`` counts charts by steps of 10 bpm; ``meters`` counts those that begin in each; ``grooves`` are
    the bar patterns played in most bars of the 200 newest charts, with a bar that shows each.
    """
    notations = notations_visible_to(user).filter(owner=user).order_by("-created_at")
    sums = notations.order_by().aggregate(
        hits=Sum("hit_count"), bars=Sum("bar_count"), seconds=Sum("duration_s")
    )
    tempi = Counter(int(bpm // _STEP_BPM) for bpm in notations.values_list("tempo_bpm", flat=True))
    meters = Counter(
        f"{first['beats']}/{first['beat_type']}"
        for first, *_ in filter(None, notations.values_list("meters", flat=True))
    )
    return {
        "charts": sum(tempi.values()),
        "bars": sums["bars"] or 0,
        "hits": sums["hits"] or 0,
        "minutes": round((sums["seconds"] or 0.0) / 60, 1),
        "tempi": [
            {
                "from_bpm": step * _STEP_BPM,
                "to_bpm": (step + 1) * _STEP_BPM,
                "charts": tempi[step],
            }
            for step in sorted(tempi)
        ],
        "meters": [{"meter": meter, "charts": charts} for meter, charts in meters.most_common(_METERS_TOLD)],
        "grooves": _most_used_grooves(list(notations[:_CHARTS_READ])),
    }


def _most_used_grooves(notations: list[Notation]) -> list[dict[str, Any]]:
    bars: Counter[str] = Counter()
    charts: Counter[str] = Counter()
    told: dict[str, dict[str, Any]] = {}
    longest: dict[str, int] = defaultdict(int)
    for notation in notations:
        for groove in _grooves_of(notation):
            key = f"{groove['meter']} {sorted(groove['strokes'].items())}"
            bars[key] += groove["bars"]
            charts[key] += 1
            if groove["bars"] > longest[key]:  # the chart that plays it most shows it
                longest[key] = groove["bars"]
                example = {"notation": str(notation.pk), "title": notation.title, "bar": groove["first_bar"]}
                told[key] = {"meter": groove["meter"], "strokes": groove["strokes"], "example": example}
    return [
        {**told[key], "bars": count, "charts": charts[key]} for key, count in bars.most_common(_GROOVES_TOLD)
    ]


def _grooves_of(notation: Notation) -> list[dict[str, Any]]:
    """Return the grooves of one chart; kept, because reading 1,600 hits takes its time."""
    key = f"grooves-1-{writers_version()[:16]}-{notation.pk}-{notation.revision}"
    grooves: list[dict[str, Any]] | None = caches["scores"].get(key)
    if grooves is None:
        grooves = [
            {
                "meter": "{}/{}".format(*count.groove.meter),
                "strokes": {
                    name.value: [str(place) for place in places] for name, places in count.groove.strokes
                },
                "bars": count.bars,
                "first_bar": count.first_bar,
            }
            for count in count_grooves(score_of(notation))[:_GROOVES_OF_A_CHART]
        ]
        caches["scores"].set(key, grooves, _KEPT_S)
    return grooves
