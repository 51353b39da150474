"""Every notation from before there were revisions gets its first one, and says how long it is."""

from django.db import migrations


def give_first_revisions(apps, schema_editor):
    notation_model = apps.get_model("notation", "Notation")
    revision_model = apps.get_model("notation", "Revision")
    for notation in notation_model.objects.iterator(chunk_size=20):
        score = notation.score
        bars = score.get("bars", [])
        notation.artist = str(score.get("artist", ""))[:200]
        notation.hit_count = len(score.get("hits", []))
        notation.bar_count = len(bars)
        notation.duration_s = max(0.0, bars[-1]["end_s"] - bars[0]["beat_times_s"][0]) if bars else 0.0
        notation.deleted_with_job = notation.deleted_at is not None  # there was no other way until now
        notation.revision = 1
        notation.save(
            update_fields=["artist", "hit_count", "bar_count", "duration_s", "deleted_with_job", "revision"]
        )
        revision = revision_model.objects.create(
            notation=notation,
            number=1,
            author_id=notation.owner_id,
            kind="transcribed" if notation.job_id else "imported",
            summary=["written down"],
            score=score,
        )
        # ``auto_now_add`` would say that it was made today.
        revision_model.objects.filter(pk=revision.pk).update(created_at=notation.created_at)


def forget_first_revisions(apps, schema_editor):
    # Each notation holds its current score itself, so nothing but the past is lost.
    apps.get_model("notation", "Revision").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('notation', '0002_revisions'),
    ]

    operations = [
        migrations.RunPython(give_first_revisions, forget_first_revisions),
    ]
