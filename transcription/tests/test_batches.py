"""Many songs at once: what becomes of each, and of all of them together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.errors import NotAllowed
from accounts.tests.factories import UserFactory
from media.core.errors import ArchiveDamaged, NotAudio, StorageFull, TooManyFiles
from media.errors import BatchEmpty
from media.models import Recording
from transcription.batches import cancel_batch, create_batch, delete_batch, retry_batch
from transcription.core.errors import EngineUnavailable
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.core.weight_errors import UnknownModel
from transcription.errors import (
    BatchNotCancellable,
    BatchNotRetryable,
    OnsetsRequired,
    ReasonRequired,
    SourceJobRequired,
)
from transcription.jobs.purging import purge_deleted_jobs
from transcription.models import Batch, Job
from transcription.progress import describe_batches
from transcription.selectors import BatchStanding, batches_visible_to, standing_of
from transcription.services import delete_job
from transcription.tests.batch_files import WAV, received, zipped
from transcription.tests.factories import make_batch

pytestmark = pytest.mark.django_db(transaction=True)


def bring(user, *uploads, options: JobOptions | None = None, **fields) -> Batch:
    return create_batch(owner=user, uploads=uploads, options=options or JobOptions(), **fields)


def titles(batch: Batch) -> list[str]:
    return [job.options["title"] for job in batch.jobs.order_by("created_at")]


def codes(batch: Batch) -> dict[str, str]:
    return {entry["name"]: entry["code"] for entry in batch.refused}


def end(batch: Batch, *statuses: str) -> list[Job]:
    """Let the batch's jobs end like this, in their order."""
    jobs = list(batch.jobs.order_by("created_at"))
    for job, status in zip(jobs, statuses, strict=False):
        Job.objects.filter(pk=job.pk).update(status=status)
    return jobs


def described(batch: Batch) -> dict:
    return describe_batches([batch])[0]


def test_every_song_gets_a_recording_and_a_job_on_its_queue(user):
    batch = bring(
        user, received("One_song.wav"), received("two.wav"), options=JobOptions(meter="3/4", title="X")
    )

    jobs = list(batch.jobs.order_by("created_at"))
    assert titles(batch) == ["One song", "two"]
    assert {job.status for job in jobs} == {Job.Status.QUEUED}
    assert {job.options["meter"] for job in jobs} == {"3/4"}
    assert {job.recording.owner for job in jobs} == {user}
    assert (batch.title, batch.refused) == ("One song and 1 more", [])


def test_an_archive_is_unpacked_and_gives_the_batch_its_name(user):
    content = zipped(
        ("cd/01 one.wav", WAV), ("cd/", b""), ("__MACOSX/cd/._01 one.wav", b"x"), ("02 two.wav", WAV)
    )

    batch = bring(user, received("Great_album.zip", content))

    assert batch.title == "Great album"
    assert titles(batch) == ["01 one", "02 two"]
    assert [job.recording.bytes for job in batch.jobs.all()] == [len(WAV)] * 2


def test_an_archive_is_known_by_its_content(user):
    assert titles(bring(user, received("song.mp3", zipped(("in it.wav", WAV))))) == ["in it"]


def test_songs_and_archives_come_together(user):
    batch = bring(user, received("a.wav"), received("b.zip", zipped(("c.wav", WAV))), title="  My\nset ")

    assert (batch.title, titles(batch)) == ("My set", ["a", "c"])


def test_a_refused_file_stops_no_other(user, settings):
    settings.UPLOAD_MAX_MB = 1
    damaged = bytearray(zipped(("x.wav", WAV)))
    damaged[40:44] = b"\xff" * 4
    uploads = [
        received("good.wav"),
        received("empty.wav", b""),
        received("letter.mp3", b"Dear drummer,\n" * 99),
        received("half.zip", zipped(("x.wav", WAV))[:50]),
        received("none.zip", zipped()),
        received("crc.zip", bytes(damaged)),
        received("big.zip", zipped(("big.wav", bytes(1_100_000)), ("inner.zip", zipped(("a", b""))))),
    ]

    batch = bring(user, *uploads)

    assert titles(batch) == ["good"]
    assert codes(batch) == {
        "empty.wav": "empty_file",
        "letter.mp3": "not_audio",
        "half.zip": "archive_damaged",
        "none.zip": "batch_empty",
        "x.wav": "archive_member_damaged",
        "big.wav": "file_too_large",
        "inner.zip": "archive_nested",
    }
    assert all(entry["message"] and entry["hint"] for entry in batch.refused)


def test_one_refused_file_alone_is_refused_for_what_it_is(user):
    with pytest.raises(NotAudio):
        bring(user, received("only.zip", zipped(("letter.txt", b"words " * 99))))
    with pytest.raises(ArchiveDamaged):
        bring(user, received("only.zip", b"PK\x03\x04 and no more"))

    assert not Batch.objects.exists()


def test_several_refused_files_are_no_batch_and_are_listed(user):
    with pytest.raises(BatchEmpty) as refusal:
        bring(user, received("a.txt", b"a" * 99), received("b.wav", b""))

    assert [entry["code"] for entry in refusal.value.details["refused"]] == ["not_audio", "empty_file"]
    with pytest.raises(BatchEmpty):
        bring(user)
    assert not Batch.objects.exists()


def test_more_songs_than_the_limit_are_refused_before_any_is_stored(user, settings):
    settings.BATCH_MAX_FILES = 3
    two = zipped(("one.wav", WAV), ("two.wav", WAV))

    assert bring(user, received("a.wav"), received("b.zip", two)).jobs.count() == 3
    with pytest.raises(TooManyFiles):
        bring(user, received("a.wav"), received("b.wav"), received("c.zip", two))
    assert Recording.objects.count() == 3


def test_archives_share_the_room_to_unpack(user, settings):
    settings.BATCH_MAX_MB = 1
    most = zipped(("most.wav", WAV + bytes(700_000)))

    batch = bring(user, received("a.zip", most), received("b.zip", most))

    assert (titles(batch), codes(batch)) == (["most"], {"b.zip": "batch_too_large"})
    assert "than the 1 MB that are allowed" in batch.refused[0]["message"]


def test_an_archive_that_is_too_large_by_itself_says_so(user, settings):
    settings.BATCH_MAX_MB = 1
    more = zipped(("more.wav", WAV + bytes(1_100_000)))

    batch = bring(user, received("a.wav"), received("b.zip", more))

    assert (titles(batch), codes(batch)) == (["a"], {"b.zip": "archive_too_large"})


def test_a_full_disk_leaves_nothing_behind(user, monkeypatch):
    saved = []
    save = default_storage.save

    def save_one(name, content):
        if saved:
            raise StorageFull
        saved.append(save(name, content))
        return saved[0]

    monkeypatch.setattr(default_storage, "save", save_one)  # a disk that becomes full between two songs

    with pytest.raises(StorageFull):
        bring(user, received("a.wav"), received("b.wav"))

    assert not Recording.objects.exists()
    assert not default_storage.exists(saved[0])


def test_options_that_this_site_cannot_meet_leave_nothing_behind(user):
    with pytest.raises(UnknownModel):
        bring(
            user,
            received("a.wav"),
            received("b.wav"),
            operation=Operation.SEPARATE,
            options=JobOptions(separation_model="nobody's"),
        )

    assert not Recording.objects.exists()
    assert not Batch.objects.exists()


def test_any_operation_can_be_asked_for_but_those_about_a_single_song(user):
    batch = bring(user, received(), received(), operation=Operation.SEPARATE)

    assert {job.operation for job in batch.jobs.all()} == {"separate"}
    with pytest.raises(SourceJobRequired):
        bring(user, received(), received(), operation=Operation.NOTATE)
    with pytest.raises(OnsetsRequired):
        bring(user, received(), received(), operation=Operation.CLASSIFY)
    assert Batch.objects.count() == 1


def test_what_no_song_could_be_run_with_is_refused_before_any_is_stored(user, settings, tmp_path):
    with pytest.raises(UnknownModel):
        bring(
            user, received(), received(),
            operation=Operation.SEPARATE, options=JobOptions(separation_model="nobodys"),
        )  # fmt: skip
    settings.MODEL_DIR, settings.MODEL_FETCH = tmp_path, False
    with pytest.raises(EngineUnavailable):
        bring(user, received(), received(), operation=Operation.SEPARATE)

    assert not Recording.objects.exists()


def test_a_batch_is_as_far_as_the_mean_of_its_songs(user):
    batch = make_batch(user, songs=4)
    jobs = end(batch, Job.Status.COMPLETED, Job.Status.FAILED)
    Job.objects.filter(pk=jobs[2].pk).update(status=Job.Status.RUNNING, progress=0.4)

    seen = described(batch)

    assert (seen["status"], seen["total"], seen["done"], seen["failed"]) == ("running", 4, 1, 1)
    assert seen["progress"] == pytest.approx((1 + 1 + 0.4) / 4)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["completed", "failed"], "completed"),
        (["failed", "cancelled"], "failed"),
        (["cancelled", "cancelled"], "cancelled"),
        (["completed", "queued"], "running"),
    ],
)
def test_the_state_of_a_batch_follows_from_its_songs(user, statuses, status):
    batch = make_batch(user)
    end(batch, *statuses)

    assert described(batch)["status"] == status


def test_songs_that_are_still_on_their_way_count(user):
    standing = BatchStanding(jobs=3, done=3, share_done=1.0, fetching=1)

    assert (standing.status, standing.total, standing.progress) == ("running", 4, 0.75)


def test_how_long_it_takes_is_told_from_the_pace_so_far(user):
    batch = make_batch(user, songs=4)
    assert described(batch)["eta_s"] is None

    end(batch, Job.Status.COMPLETED)
    Batch.objects.filter(pk=batch.pk).update(clock_from=timezone.now() - timedelta(seconds=20))
    batch.refresh_from_db()

    assert described(batch)["eta_s"] == pytest.approx(60, abs=2)


def test_counting_many_batches_takes_two_queries(user, django_assert_num_queries):
    batches = [make_batch(user, songs=1) for _ in range(3)]

    with django_assert_num_queries(2):
        assert [standing.total for standing in standing_of(batches).values()] == [1, 1, 1]


def test_stopping_ends_what_is_not_finished(user):
    batch = make_batch(user)
    end(batch, Job.Status.COMPLETED)

    cancel_batch(batch=batch, by=user)

    assert sorted(batch.jobs.values_list("status", flat=True)) == ["cancelled", "completed"]
    with pytest.raises(BatchNotCancellable):
        cancel_batch(batch=batch, by=user)


def test_trying_again_runs_what_failed_and_only_if_asked_what_was_stopped(user):
    batch = make_batch(user, songs=3)
    end(batch, Job.Status.FAILED, Job.Status.CANCELLED, Job.Status.COMPLETED)

    retry_batch(batch=batch, by=user)

    assert sorted(batch.jobs.values_list("status", flat=True)) == ["cancelled", "completed", "queued"]
    with pytest.raises(BatchNotRetryable):
        retry_batch(batch=batch, by=user)
    retry_batch(batch=batch, by=user, cancelled_too=True)
    assert sorted(batch.jobs.values_list("status", flat=True)) == ["completed", "queued", "queued"]


def test_after_trying_again_the_pace_is_measured_anew(user):
    batch = make_batch(user)
    end(batch, Job.Status.FAILED, Job.Status.COMPLETED)
    Batch.objects.filter(pk=batch.pk).update(clock_from=timezone.now() - timedelta(days=1))
    batch.refresh_from_db()

    retry_batch(batch=batch, by=user)
    Job.objects.filter(batch=batch, status=Job.Status.QUEUED).update(status="running", progress=0.5)

    assert batch.done_before == 0.5
    assert described(batch)["eta_s"] < 10


def test_a_deleted_batch_leaves_its_finished_songs(user):
    batch = make_batch(user)
    end(batch, Job.Status.COMPLETED)

    delete_batch(batch=batch, by=user)

    assert not batches_visible_to(user).exists()
    assert sorted(Job.objects.filter(deleted_at=None).values_list("status", flat=True)) == [
        "cancelled", "completed",
    ]  # fmt: skip
    assert Recording.objects.filter(deleted_at=None).count() == 2


def test_a_deleted_batch_goes_for_good_when_its_time_is_up(user):
    batch = make_batch(user)
    delete_batch(batch=batch, by=user)

    purge_deleted_jobs(now=timezone.now() + timedelta(days=29))
    assert Batch.objects.exists()
    purge_deleted_jobs(now=timezone.now() + timedelta(days=31))

    assert not Batch.objects.exists()
    assert Job.objects.filter(batch=None).count() == 2


def test_deleted_songs_count_no_more(user):
    batch = make_batch(user)
    jobs = list(batch.jobs.all())

    delete_job(job=jobs[0], by=user)

    assert described(batch)["total"] == 1


def test_a_moderator_sees_and_stops_but_must_say_why(user, moderator):
    batch = make_batch(user)

    assert list(batches_visible_to(moderator)) == [batch]
    assert not batches_visible_to(UserFactory()).exists()
    with pytest.raises(ReasonRequired):
        cancel_batch(batch=batch, by=moderator)
    with pytest.raises(NotAllowed):
        delete_batch(batch=batch, by=moderator)
    cancel_batch(batch=batch, by=moderator, reason="Too much at once")
    assert described(batch)["status"] == "cancelled"
