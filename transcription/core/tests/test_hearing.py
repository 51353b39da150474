from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from media.core.flac import write_flac
from transcription.core.demo_song import render_demo_song
from transcription.core.hearing import hear, name_given
from transcription.core.nets import Nets

pytestmark = pytest.mark.slow


class FullCard(nn.Module):
    """Stands for a network on a card that has no memory left: whatever is asked of it fails so."""

    def __getattr__(self, name: str) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.fixture(scope="module")
def nets() -> Nets:
    return Nets()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.flac"
    write_flac(render_demo_song(bars=2).audio, path)
    return path


@pytest.fixture
def nets_on_a_full_card(nets: Nets) -> Nets:
    full = Nets()
    full._detector = replace(nets.detector, network=FullCard())
    return full


def test_a_card_without_room_is_a_warning_and_changes_no_hit(song, nets, nets_on_a_full_card):
    on_cpu = hear(song, "crnn", nets, lambda fraction: None)

    heard = hear(song, "crnn", nets_on_a_full_card, lambda fraction: None)

    assert [warning.code for warning in heard.warnings] == ["heard_on_cpu"]
    assert heard.hits == on_cpu.hits
    assert not on_cpu.warnings


def test_strokes_are_named_at_the_times_that_were_given(song, nets):
    kicks = [hit.onset_s for hit in hear(song, "crnn", nets, lambda fraction: None).hits][:3]

    named = name_given(song, [*kicks, 500.0], "crnn", nets, lambda fraction: None)

    assert {hit.onset_s for hit in named.hits} == set(kicks)
    assert named.unheard_s == (500.0,)


def test_a_time_that_is_given_twice_is_named_once(song, nets):
    kick = hear(song, "crnn", nets, lambda fraction: None).hits[0].onset_s

    twice = name_given(song, [kick, kick], "crnn", nets, lambda fraction: None)

    assert twice.hits == name_given(song, [kick], "crnn", nets, lambda fraction: None).hits
