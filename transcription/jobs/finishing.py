"""How a stage ends: its files published and the next stage named, or its job failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.core.errors import DrumError
from media.artifacts import delete_file, publish_artifact, share_artifact
from media.errors import FileMissing
from media.models import Artifact
from media.selectors import artifacts_of_job
from media.services import record_decoding, record_decoding_failure
from notation.services import save_transcription
from transcription.core.hit_list import hits_from_json
from transcription.core.result import OF_THE_RUN
from transcription.core.stage_process import StageAnswer
from transcription.core.stages import Stage, StageSpec
from transcription.jobs.forecast import forecast
from transcription.jobs.leases import LeaseLost
from transcription.jobs.standing import announce_job, update_job, warnings_of
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.selectors import input_artifacts


def finish_stage(
    run: StageRun,
    spec: StageSpec,
    key: str,
    *,
    answer: StageAnswer | None = None,
    output_dir: Path | None = None,
    earlier: StageRun | None = None,
) -> NextStep | None:
    """Publish the stage's files and mark it done, all in one transaction; return what is to be queued next.

    Args:
        key: the fingerprint under which an equal job may find this run.
        answer: what the child process said of the files in ``output_dir``; both go together.
        earlier: the equal run whose files are shared instead.
    Raises:
        LeaseLost: the job was cancelled or deleted, or the lease has gone to another; nothing is published.
        FileMissing: the equal run's files have gone meanwhile; nothing is published, and the lease is kept.
    """
    published: list[str] = []
    try:
        with transaction.atomic():
            _check_is_wanted(run)
            done = run.release(
                progress=1.0, finished_at=timezone.now(), **_outcome(run, key, answer, earlier)
            )
            if not done:
                raise LeaseLost
            written: list[str] = []
            for artifact in _publish(run, spec, answer, output_dir, earlier):
                published.append(artifact.file.name)
                written.append(artifact.kind)
            StageRun.objects.filter(pk=run.pk).update(written=written)
            if spec.stage is Stage.EXTRACT:
                _note_decoding(run)
            following = _stage_after(run)
            JobEvent.objects.create(
                job_id=run.job_id, kind=JobEvent.Kind.STAGE_COMPLETED, data={"stage": run.stage}
            )
            if following is None:
                _complete(run.job)
            else:
                expected = forecast(run, 1.0)
                update_job(
                    run.job_id,
                    stage=following,
                    progress=Greatest(F("progress"), expected.share_done),
                    eta_s=expected.eta_s,
                    warnings=warnings_of(run.job),
                )
    except BaseException:
        for name in published:  # their rows are rolled back
            delete_file(default_storage, name)
        raise
    announce_job(run.job_id)
    return NextStep(run.job_id, following) if following else None


def fail_stage(run: StageRun, error: DrumError) -> None:
    """Mark the stage and its job failed for the reason that ``error`` gives, unless the lease was lost."""
    with transaction.atomic():
        if not run.release(status=StageRun.Status.FAILED, finished_at=timezone.now()):
            return
        failed = update_job(
            run.job_id,
            status=Job.Status.FAILED,
            eta_s=None,
            finished_at=timezone.now(),
            failure_code=error.code,
            failure_message=str(error),
            failure_hint=error.hint,
            failure_details={key: value for key, value in error.details.items() if not callable(value)},
        )
        if not failed:
            return  # cancelled meanwhile
        JobEvent.objects.create(
            job_id=run.job_id, kind=JobEvent.Kind.FAILED, data={"stage": run.stage, "code": error.code}
        )
        # What is wrong with one of several sound tracks says nothing of the recording.
        if run.stage == Stage.EXTRACT and run.job.options.get("track") is None:
            record_decoding_failure(recording=run.job.recording, error=error)
    announce_job(run.job_id)


def _check_is_wanted(run: StageRun) -> None:
    """Lock the job until the transaction ends, so that it is cancelled either before this or after."""
    job = Job.objects.select_for_update().filter(pk=run.job_id, status__in=Job.UNFINISHED, deleted_at=None)
    if not job.exists():
        raise LeaseLost


def _stage_after(run: StageRun) -> Stage | None:
    later = StageRun.objects.filter(job_id=run.job_id, position__gt=run.position).order_by("position").first()
    return Stage(later.stage) if later is not None else None


def _outcome(run: StageRun, key: str, answer: StageAnswer | None, earlier: StageRun | None) -> dict[str, Any]:
    """Return what the stage's row says of how it went."""
    if answer is not None:
        return {
            "status": StageRun.Status.COMPLETED,
            "cache_key": key if answer.is_final else "",
            "seconds": round(answer.seconds, 3),
            "engine": answer.engine,
            "warnings": [finding.as_dict() for finding in answer.warnings],
        }
    assert earlier is not None
    ours = earlier.job.requested_by_id == run.job.requested_by_id
    return {
        # Nothing here tells of another person's run; the clock may: see ADR 0017.
        "status": StageRun.Status.REUSED if ours else StageRun.Status.COMPLETED,
        "cache_key": key,
        "seconds": 0.0 if ours else earlier.seconds,
        "engine": earlier.engine,
        "warnings": [warning for warning in earlier.warnings if warning["code"] not in OF_THE_RUN],
    }


def _publish(
    run: StageRun,
    spec: StageSpec,
    answer: StageAnswer | None,
    output_dir: Path | None,
    earlier: StageRun | None,
) -> Iterator[Artifact]:
    """Publish the stage's files one by one, from ``output_dir`` or from an equal run."""
    recording = run.job.recording
    if earlier is not None:
        theirs = list(artifacts_of_job(earlier.job_id).filter(kind__in=earlier.files))
        if len(theirs) < len(earlier.files):
            raise FileMissing  # purged since it was found equal
        for artifact in theirs:
            yield share_artifact(artifact, job_id=run.job_id, recording=recording)
        return
    assert output_dir is not None
    optional = tuple(name for name in spec.may_write if (output_dir / name).is_file())
    for name in (*spec.writes, *optional):
        yield publish_artifact(
            job_id=run.job_id,
            recording=recording,
            stage=run.stage,
            kind=name,
            path=output_dir / name,
            made_by=answer.engine if answer else "",
        )


def _complete(job: Job) -> None:
    if job.makes_a_score:
        result = _read_json(job, "result.json")
        save_transcription(
            owner=job.requested_by,
            recording=job.recording,
            job_id=job.pk,
            engine=result["engines"]["detect"],
            hits=hits_from_json(_read_json(job, "hits.json")),
            score=_read_json(job, "score.json"),
            title=result["title"] or job.recording.title,
        )
    update_job(
        job.pk,
        status=Job.Status.COMPLETED,
        stage="",
        progress=1.0,
        eta_s=None,
        finished_at=timezone.now(),
        warnings=warnings_of(job),
    )
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.COMPLETED)


def _note_decoding(run: StageRun) -> None:
    audio = _read_json(run.job, "audio.json")
    record_decoding(
        recording=run.job.recording,
        duration_s=audio["duration_s"],
        waveform=_read_json(run.job, "peaks.json"),
        warnings=warnings_of(run.job),
    )


def _read_json(job: Job, kind: str) -> Any:
    with input_artifacts(job)[kind].file.open("rb") as file:
        return json.load(file)
