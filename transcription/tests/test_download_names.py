from __future__ import annotations

from transcription.files import FORMATS


def test_no_two_files_of_a_job_are_saved_under_one_name():
    endings = [entry.ending for entry in FORMATS.values()]

    assert sorted(endings) == sorted(set(endings))
