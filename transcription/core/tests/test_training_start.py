from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from transcription.core.detection import load_detector
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, NetworkShape
from transcription.core.training.learning.checkpoints import (
    WeightsDoNotFit,
    export_weights,
    load_checkpoint,
    save_checkpoint,
    save_weights,
    start_from,
)

_SMALL = NetworkShape(channels=(4, 4), local=8, recurrent=4)
_TWELVE = NetworkShape(channels=(4, 4), local=8, recurrent=4, heard=12)


def network(shape: NetworkShape, seed: int) -> DrumNetwork:
    torch.manual_seed(seed)
    return DrumNetwork(shape).eval()


def saved(path: Path, shape: NetworkShape) -> DrumNetwork:
    of_old = network(shape, seed=1)
    save_weights(path, of_old.state_dict(), shape, "1.0")
    return of_old


def test_a_network_of_the_same_shape_starts_as_the_old_one(tmp_path: Path) -> None:
    old, new = saved(tmp_path / "old.safetensors", _SMALL), network(_SMALL, seed=2)

    start_from(new, tmp_path / "old.safetensors")

    for name, value in old.state_dict().items():
        torch.testing.assert_close(new.state_dict()[name], value, atol=0, rtol=0)


def test_a_network_that_knows_more_instruments_hears_the_old_ones_as_before(tmp_path: Path) -> None:
    old, new = saved(tmp_path / "old.safetensors", _TWELVE), network(_SMALL, seed=2)

    start_from(new, tmp_path / "old.safetensors")

    picture = torch.randn(1, 40, 168)
    with torch.inference_mode():
        before, after = old(picture), new(picture)
    torch.testing.assert_close(after.onsets[..., :12], before.onsets[..., :12])
    torch.testing.assert_close(after.velocities[..., :12], before.velocities[..., :12])
    torch.testing.assert_close(after.pulse, before.pulse)
    assert float(after.onsets[..., 12:].sigmoid().mean()) < 0.05


def test_instruments_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    old = saved(path, _TWELVE)
    turned = [name.value for name in INSTRUMENTS_HEARD[:12]][::-1]
    with safe_open(path, framework="pt") as opened:
        metadata = opened.metadata() | {"instruments": json.dumps(turned)}
    save_file({part: value.contiguous() for part, value in old.state_dict().items()}, path, metadata)
    new = network(_SMALL, seed=2)

    start_from(new, path)

    torch.testing.assert_close(new.heads.bias[:12], old.heads.bias[:12].flip(0))
    torch.testing.assert_close(new.heads.weight[17:29], old.heads.weight[12:24].flip(0))


def test_the_weights_that_ship_can_be_started_from() -> None:
    shipped = Path(__file__).parents[1] / "weights" / "crnn.safetensors"
    new = network(NetworkShape(), seed=2)

    start_from(new, shipped)

    torch.testing.assert_close(new.heads.bias[:12], load_detector().network.heads.bias[:12])


@pytest.mark.parametrize("local", [8, 16])
def test_weights_of_another_shape_are_refused(tmp_path: Path, local: int) -> None:
    saved(tmp_path / "old.safetensors", NetworkShape(channels=(4, 8), local=local, recurrent=4))

    with pytest.raises(WeightsDoNotFit, match="another shape"):
        start_from(network(_SMALL, seed=2), tmp_path / "old.safetensors")


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.safetensors").write_bytes(b"nothing")

    with pytest.raises(WeightsDoNotFit, match="no detector's weights"):
        start_from(network(_SMALL, seed=2), tmp_path / "old.safetensors")


def test_exported_weights_carry_their_version_and_configuration(tmp_path: Path) -> None:
    old = network(_SMALL, seed=1)
    save_weights(tmp_path / "ema.safetensors", old.state_dict(), _SMALL, "step 5", {"config": "{}"})

    export_weights(tmp_path / "ema.safetensors", tmp_path / "crnn.safetensors", "2.0")

    assert load_detector(tmp_path / "crnn.safetensors").label == "crnn 2.0"
    with safe_open(tmp_path / "crnn.safetensors", framework="pt") as opened:
        assert opened.metadata()["config"] == "{}"


def test_a_checkpoint_that_could_not_be_written_leaves_the_last_one(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "checkpoint.pt", {"step": 1})

    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(tmp_path / "checkpoint.pt", {"step": lambda: 2})

    assert load_checkpoint(tmp_path / "checkpoint.pt") == {"step": 1}


def test_a_window_more_changes_nothing_at_first(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.safetensors", replace(_SMALL, windows=1))
    new = network(_SMALL, seed=2)

    start_from(new, tmp_path / "old.safetensors")

    picture = torch.randn(1, 40, 168)
    with torch.inference_mode():
        torch.testing.assert_close(new(picture).onsets, old(picture).onsets)


def test_a_network_of_one_window_does_not_look_through_the_other() -> None:
    alone, picture = network(replace(_SMALL, windows=1), seed=1), torch.randn(1, 40, 168)
    changed = torch.cat([picture[..., :84], torch.randn(1, 40, 84)], dim=2)

    with torch.inference_mode():
        torch.testing.assert_close(alone(picture).onsets, alone(changed).onsets, atol=0, rtol=0)
