"""How much of a job is done, and how long the rest will take."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.models import StageRun


@dataclass(frozen=True, slots=True)
class Forecast:
    """How far a whole job is, as far as can be told."""

    share_done: float  # 0..1
    eta_s: float


def forecast(run: StageRun, fraction: float) -> Forecast:
    """Tell how far the job of ``run`` is when ``fraction`` (0..1) of this stage is done.

    The measured cost of each stage gives the shares; this job's own pace so far corrects the seconds.
    """
    minutes = max(0.1, (run.job.recording.duration_s or 180.0) / 60)
    runs = StageRun.objects.filter(job_id=run.job_id).order_by("position")
    order = [Stage(stage) for stage in runs.values_list("stage", flat=True)]
    expected = {stage: 0.2 + SPEC_BY_STAGE[stage].seconds_per_minute * minutes for stage in order}
    position = order.index(Stage(run.stage))
    elapsed = (timezone.now() - run.started_at).total_seconds() if run.started_at else 0.0
    own = expected[order[position]]
    remaining_here = elapsed * (1 - fraction) / fraction if fraction > 0.05 else max(0.0, own - elapsed)
    remaining = remaining_here + sum(expected[stage] for stage in order[position + 1 :])
    before = sum(expected[stage] for stage in order[:position])
    share = max(fraction, min(0.9, elapsed / own) if fraction == 0.0 else fraction)
    return Forecast(share_done=(before + own * share) / sum(expected.values()), eta_s=round(remaining, 1))
