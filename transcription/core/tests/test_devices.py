from __future__ import annotations

import pytest
import torch

from transcription.core.detection import load_detector
from transcription.core.devices import DeviceUnavailable, chosen_device, exact_float32
from transcription.core.nets import Nets
from transcription.core.nets_config import NetsConfig


def test_a_card_is_taken_where_there_is_one() -> None:
    assert chosen_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_the_processor_can_always_be_chosen() -> None:
    assert chosen_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "cpu:3", "mps:1", "meta", "quantum", ""])
def test_a_device_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(DeviceUnavailable) as refused:
        chosen_device(name)

    assert refused.value.code == "device_unavailable"
    assert f"“{name}”" in str(refused.value)


def test_an_apple_card_can_be_chosen_where_there_is_one() -> None:
    if not torch.backends.mps.is_available():
        with pytest.raises(DeviceUnavailable, match="mps"):
            chosen_device("mps")
    else:
        assert chosen_device("mps").type == "mps"


def test_a_detector_is_not_loaded_for_a_device_that_is_not_there() -> None:
    with pytest.raises(DeviceUnavailable, match="cuda:99"):
        load_detector(device="cuda:99")


def test_a_card_is_only_told_to_be_exact_for_a_while() -> None:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic

    with exact_float32(torch.device("cuda")):
        inside = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic

    assert inside == (False, True)
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic) == before


def test_a_process_that_was_given_no_such_device_says_so_when_it_needs_it() -> None:
    nets = Nets(NetsConfig(detect_device="cuda:99"))

    with pytest.raises(DeviceUnavailable, match="cuda:99"):
        _ = nets.detector
