"""Parsed scores, kept for the next request: reading one of 1,600 hits costs more than most edits of it."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from threading import Lock
from uuid import UUID

from django.db import transaction

from notation.core.score import Score, score_from_json
from notation.models import Notation, Revision

_HITS_KEPT = 100_000  # in all scores together; some 100 MB


class ScoreShelf:
    """Scores by notation and revision, those read last. A revision never changes, so none can be stale."""

    def __init__(self, hits_kept: int = _HITS_KEPT) -> None:
        self._hits_kept = hits_kept
        self._scores: OrderedDict[tuple[UUID, int], Score] = OrderedDict()
        self._hits = 0
        self._lock = Lock()

    def get(self, notation_id: UUID, number: int) -> Score | None:
        """Return the score of a revision if it is at hand."""
        with self._lock:
            score = self._scores.get((notation_id, number))
            if score is not None:
                self._scores.move_to_end((notation_id, number))
            return score

    def put(self, notation_id: UUID, number: int, score: Score) -> None:
        """Keep the score of a revision, and let go of those that nobody asked for in a while."""
        with self._lock:
            if (notation_id, number) in self._scores:
                return
            self._scores[(notation_id, number)] = score
            self._hits += len(score.hits) + len(score.bars)
            while self._hits > self._hits_kept and len(self._scores) > 1:
                _, oldest = self._scores.popitem(last=False)
                self._hits -= len(oldest.hits) + len(oldest.bars)


_shelf = ScoreShelf()


def score_of(notation: Notation, number: int | None = None) -> Score:
    """Return the score of ``notation`` as its row says it is, or at revision ``number``.

    Raises:
        Revision.DoesNotExist: there is no such revision.
        BadScore: what is stored is not a score.
    """
    number = notation.revision if number is None else number
    score = _shelf.get(notation.pk, number)
    if score is None:
        # Not from ``notation.score``: loaded later than the row, it may be another revision's.
        stored = Revision.objects.values_list("score", flat=True).get(notation=notation, number=number)
        score = score_from_json(stored)
        keep_score(notation.pk, number, score)
    return score


def keep_score(notation_id: UUID, number: int, score: Score) -> None:
    """Remember ``score``, which is stored as revision ``number``, once that is sure."""
    # What a transaction has written may be rolled back, and the number given to another score.
    transaction.on_commit(partial(_shelf.put, notation_id, number, score))
