"""Whether a stage was run before, on equal files with equal options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Case, When

from media.models import Artifact
from transcription.core.models import engine
from transcription.core.stages import SOURCE, Stage, StageSpec
from transcription.core.weights_store.states import known_sha256
from transcription.jobs.standing import findings_of
from transcription.models import StageRun
from transcription.selectors import input_artifacts
from transcription.weights import weight_store

# An equal run may have lost its files; this many, the newest, are looked at.
_RUNS_LOOKED_AT = 3
_HEARING = frozenset({Stage.DETECT, Stage.ONSETS, Stage.CLASSIFY})


def cache_key(run: StageRun, spec: StageSpec) -> str:
    """Return the fingerprint of all that decides the stage's result; empty where that cannot be known yet.

    Raises:
        UnknownModel: a network that the job asks for is not there any more.
    """
    model = _model_version(spec, run.job.options)
    if model is None:
        return ""
    wanted = (*spec.reads, *spec.reads_if_there)
    hashes = {kind: file.sha256 for kind, file in input_artifacts(run.job).items() if kind in wanted}
    if SOURCE in spec.reads:
        hashes[SOURCE] = run.job.recording.sha256
    parts = {
        "stage": spec.stage,
        "version": spec.version,
        "inputs": hashes,
        "options": {name: run.job.options.get(name) for name in spec.options},
        "model": model,
        "warnings": [finding.as_dict() for finding in findings_of(run.job)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def equal_run(run: StageRun, key: str) -> StageRun | None:
    """Return a finished run with an equal result whose files are all still there; one's own before others'.

    The result depends on nothing but what the key is made of, so that of another person's run is as good.
    """
    if not key or _must_be_fresh(run):
        return None
    candidates = StageRun.objects.filter(
        cache_key=key,
        stage=run.stage,
        status__in=StageRun.DONE,
        job__deleted_at=None,
        job__recording__deleted_at=None,
    ).exclude(job=run.job_id)
    if not settings.REUSE_ACROSS_USERS:
        candidates = candidates.filter(job__requested_by=run.job.requested_by_id)
    own_first = Case(When(job__requested_by=run.job.requested_by_id, then=0), default=1)
    for candidate in candidates.select_related("job").order_by(own_first, "-finished_at")[:_RUNS_LOOKED_AT]:
        kinds = candidate.files
        if Artifact.objects.filter(job_id=candidate.job_id, kind__in=kinds).count() == len(kinds):
            return candidate
    return None


def _must_be_fresh(run: StageRun) -> bool:
    if not run.job.fresh_from:
        return False
    first = run.job.stage_runs.filter(stage=run.job.fresh_from).values_list("position", flat=True).first()
    return first is not None and run.position >= first


def _model_version(spec: StageSpec, options: Mapping[str, Any]) -> str | None:
    """Return what tells the networks of a stage from all others; None where it is not known what they are."""
    if spec.stage is Stage.SEPARATE:
        return _engine_version(options.get("separation_model"))
    if spec.stage not in _HEARING:
        return ""
    heard = engine("crnn").sha256  # whatever names the strokes, crnn follows the beat
    if options.get("engine") == "crnn":
        return heard
    second = _engine_version(options.get("engine"))
    return None if second is None else f"{heard} {second}"


def _engine_version(name: Any) -> str | None:
    store = weight_store()
    chosen = store.engine(str(name))
    sha256 = known_sha256(chosen, store)
    return f"{chosen.label} {sha256}" if sha256 else None
