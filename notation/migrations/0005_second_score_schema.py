"""Scores of the first schema, ``drumsite.score/1``, are written as the second, which is what is handed out."""

from django.db import migrations

FIRST, SECOND = "drumsite.score/1", "drumsite.score/2"


def write_as_second_schema(apps, schema_editor):
    for name in ("Notation", "Revision"):
        model = apps.get_model("notation", name)
        first = model.objects.filter(score__schema=FIRST)
        for pk in list(first.order_by().values_list("pk", flat=True)):  # scores are large: one at a time
            score = first.values_list("score", flat=True).get(pk=pk)
            # By ``update``, which leaves ``updated_at`` as it is: nobody has changed the music.
            model.objects.filter(pk=pk).update(score=as_second_schema(score))


def as_second_schema(score):
    """The first had one swing for the whole song, and no marks; what it might leave out is filled in."""
    score = dict(score)
    swing = score.pop("swing", None)
    bars = [{"section": None} | bar for bar in score["bars"]]
    return score | {
        "schema": SECOND,
        "swing_marks": [{"bar": bars[0]["number"], "swing": swing}] if swing and bars else [],
        "bars": bars,
        "hits": [{"grace_of": None, "marks": []} | hit for hit in score["hits"]],
    }


class Migration(migrations.Migration):

    dependencies = [
        ('notation', '0004_fresh_hit_ids'),
    ]

    operations = [
        # The second schema was read before this migration too, so there is nothing to undo.
        migrations.RunPython(write_as_second_schema, migrations.RunPython.noop),
    ]
