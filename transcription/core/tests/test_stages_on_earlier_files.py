"""A job that was begun before an update goes on after it, on the files that it has."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile

from transcription.core import pipeline
from transcription.core.hit_list import hits_to_json
from transcription.core.nets import Nets
from transcription.core.options import JobOptions
from transcription.core.tests.test_beats import no_network


def test_the_beat_is_followed_in_sound_that_does_not_say_how_many_samples_it_has(tmp_path: Path) -> None:
    no_network(3.0).save(tmp_path / "activations.npz")
    (tmp_path / "hits.json").write_text(json.dumps(hits_to_json((), engine="crnn 2.0")))
    (tmp_path / "audio.json").write_text('{"duration_s": 3.0, "sha256": "", "rate": 8000, "channels": 1}')
    names = ("activations.npz", "hits.json", "audio.json")

    pipeline.beats(
        pipeline.StageContext(
            inputs={name: tmp_path / name for name in names},
            output_dir=tmp_path,
            options=JobOptions(),
            limits=pipeline.Limits(),
            nets=Nets(),
            report=lambda fraction: None,
        )
    )

    assert soundfile.info(tmp_path / "click.flac").frames == 24_000
