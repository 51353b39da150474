"""Whether a stage was run before, on equal files with equal options."""

from __future__ import annotations

import hashlib
import json

from media.models import Artifact
from transcription.core.models import engine
from transcription.core.stages import SOURCE, Stage, StageSpec
from transcription.jobs.standing import findings_of
from transcription.models import StageRun

# An equal run may have lost its files; this many, the newest, are looked at.
_RUNS_LOOKED_AT = 3


def cache_key(run: StageRun, spec: StageSpec) -> str:
    """Return the fingerprint of all that decides the stage's result."""
    hashes = dict(
        Artifact.objects.filter(job_id=run.job_id, kind__in=spec.reads).values_list("kind", "sha256")
    )
    if SOURCE in spec.reads:
        hashes[SOURCE] = run.job.recording.sha256
    parts = {
        "stage": spec.stage,
        "version": spec.version,
        "inputs": hashes,
        "options": {name: run.job.options.get(name) for name in spec.options},
        "model": _model_version(spec),
        "warnings": [finding.as_dict() for finding in findings_of(run.job)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def equal_run(run: StageRun, spec: StageSpec, key: str) -> StageRun | None:
    """Return a finished run of the same owner with an equal result whose files are all still there."""
    candidates = StageRun.objects.filter(
        cache_key=key,
        stage=run.stage,
        status__in=StageRun.DONE,
        job__requested_by=run.job.requested_by_id,
        job__deleted_at=None,
    ).exclude(job=run.job_id)
    for candidate in candidates.order_by("-finished_at")[:_RUNS_LOOKED_AT]:
        kinds = Artifact.objects.filter(job_id=candidate.job_id, kind__in=spec.writes)
        if kinds.count() == len(spec.writes):
            return candidate
    return None


def _model_version(spec: StageSpec) -> str:
    if spec.stage is not Stage.DETECT:
        return ""
    return engine("crnn").sha256
