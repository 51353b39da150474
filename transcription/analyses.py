"""Finding the analysis of a recording among its jobs."""

from __future__ import annotations

from accounts.models import User
from media.models import Artifact, Recording
from transcription.core.operations import OPERATIONS, Operation
from transcription.errors import AnalysisNotReady, AnalysisUnderWay
from transcription.models import Job
from transcription.selectors import jobs_visible_to


def newest_analysis(recording: Recording, *, seen_by: User) -> Artifact:
    """Return the file of the newest finished analysis that ``seen_by`` may see.

    Raises:
        AnalysisUnderWay: there is none, and a job for one has not finished.
        AnalysisNotReady: nobody has asked for one, or it came to nothing.
    """
    jobs = jobs_visible_to(seen_by).filter(recording=recording, operation=Operation.ANALYSE)
    jobs = jobs.prefetch_related(None)
    there = Artifact.objects.filter(kind=OPERATIONS[Operation.ANALYSE].result, recording=recording)
    done = jobs.filter(status=Job.Status.COMPLETED, pk__in=there.values("job_id"))
    newest = done.order_by("-finished_at", "-created_at").first()
    if newest is not None:
        return there.get(job_id=newest.pk)
    waiting = jobs.filter(status__in=Job.UNFINISHED).first()
    if waiting is not None:
        raise AnalysisUnderWay(job_id=str(waiting.pk))
    raise AnalysisNotReady(operation=Operation.ANALYSE.value)
