"""The plainest valid notation."""

from __future__ import annotations

import factory

from accounts.tests.factories import UserFactory
from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.score import score_to_json
from notation.models import Notation, Revision


def one_bar_of_rock() -> dict[str, object]:
    """Return a score of one bar: kick on one and three, snare on two and four."""
    grid = BeatGrid(
        beats=tuple(Beat(0.5 * beat, 1 + beat // 4, 1 + beat % 4) for beat in range(5)),
        meters=(Meter(1, 4, 4),),
        tempo_bpm=120.0,
        unreliable=False,
    )
    names = (InstrumentName.KICK, InstrumentName.SNARE) * 2
    hits = tuple(Hit(f"h{beat + 1}", 0.5 * beat, name, 90, 0.9) for beat, name in enumerate(names))
    return score_to_json(quantise(hits, grid, title="Rock"))


class NotationFactory(factory.django.DjangoModelFactory[Notation]):
    """One bar of rock, imported."""

    class Meta:
        model = Notation
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    title = "Rock"
    tempo_bpm = 120.0
    meters = factory.LazyFunction(lambda: [{"bar": 1, "beats": 4, "beat_type": 4}])
    score = factory.LazyFunction(one_bar_of_rock)
    hit_count = factory.LazyAttribute(lambda notation: len(notation.score["hits"]))
    bar_count = factory.LazyAttribute(lambda notation: len(notation.score["bars"]))
    duration_s = 2.0

    @factory.post_generation
    def first_revision(self, create: bool, extracted: object, **kwargs: object) -> None:
        """Keep the score as revision 1, as the services do."""
        if create:
            Revision.objects.create(
                notation=self, number=1, author=self.owner, kind=Revision.Kind.IMPORTED, score=self.score
            )
