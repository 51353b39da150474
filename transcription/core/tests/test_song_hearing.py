from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch

from transcription.core.activations import Activations
from transcription.core.network import DrumNetwork, NetworkShape
from transcription.core.song_hearing import hear_song

FRAMES = 503
# Of one pass over the whole song; what is left is the rounding of float32.
TOLERANCE = 1e-5


def small_network(every: int = 4) -> DrumNetwork:
    torch.manual_seed(every)
    shape = NetworkShape(channels=(4, 8), local=16, recurrent=8, recurrent_every=every)
    network = DrumNetwork(shape).eval()
    for layer in network.modules():
        # As after training: means and spreads that are not those of silence.
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(layer.bias, -0.5, 0.5)
    return network


def picture(frames: int = FRAMES) -> np.ndarray:
    return np.random.default_rng(frames).normal(0, 1, (frames, 168)).astype(np.float32)


@torch.inference_mode()
def heard_at_once(network: DrumNetwork, whole: np.ndarray) -> Activations:
    heard = network(torch.from_numpy(whole)[None])
    onsets, velocities, pulse = (values[0].sigmoid().numpy() for values in heard)
    return Activations(onsets, velocities, pulse[:, 0], pulse[:, 1])


def assert_heard_alike(first: Activations, second: Activations) -> None:
    for name in ("onsets", "velocities", "beats", "downbeats"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=TOLERANCE, rtol=0)


def cut(whole: np.ndarray, lengths: Sequence[int]) -> Iterator[np.ndarray]:
    begin = 0
    while begin < len(whole):
        for length in lengths:
            yield whole[begin : begin + length]
            begin += length


@pytest.mark.parametrize("every", [1, 2, 3, 4])
@pytest.mark.parametrize(("piece_frames", "steps"), [(1, 64), (7, 1), (64, 13), (250, 100), (5_000, 5_000)])
def test_a_song_in_pieces_is_heard_as_at_once(every: int, piece_frames: int, steps: int) -> None:
    network, whole = small_network(every), picture()

    heard = hear_song(network, [whole], piece_frames=piece_frames, steps=steps)

    assert_heard_alike(heard, heard_at_once(network, whole))


@pytest.mark.parametrize("lengths", [[1], [3], [1, 0, 200, 5], [499], [100_000]])
def test_it_does_not_matter_in_which_pieces_a_song_is_handed_over(lengths: list[int]) -> None:
    network, whole = small_network(), picture()

    heard = hear_song(network, cut(whole, lengths), piece_frames=100)

    assert_heard_alike(heard, hear_song(network, [whole]))


@pytest.mark.parametrize("cut_at", [1, 2, 200, 251, 501])
def test_two_halves_are_heard_as_one_song(cut_at: int) -> None:
    network, whole = small_network(), picture()

    heard = hear_song(network, [whole[:cut_at], whole[cut_at:]])

    assert_heard_alike(heard, heard_at_once(network, whole))


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 9])
def test_a_song_shorter_than_what_a_convolution_sees_is_heard(frames: int) -> None:
    network, whole = small_network(), picture(frames)

    assert_heard_alike(hear_song(network, [whole], piece_frames=2, steps=1), heard_at_once(network, whole))


def test_no_frames_give_no_activations() -> None:
    assert hear_song(small_network(), []).onsets.shape == (0, 17)


def test_what_comes_last_changes_what_is_heard_first() -> None:
    """The recurrence listens to the whole song: a window would not know of its end."""
    network, whole = small_network(), picture()
    changed = whole.copy()
    changed[-20:] += 5.0

    first, second = hear_song(network, [whole]), hear_song(network, [changed])

    assert np.abs(first.onsets[-60:-30] - second.onsets[-60:-30]).max() > 10 * TOLERANCE


def test_the_same_song_is_heard_the_same_to_the_last_bit() -> None:
    network, whole = small_network(), picture()

    first, second = hear_song(network, [whole]), hear_song(network, [whole])

    np.testing.assert_array_equal(first.onsets, second.onsets)
    np.testing.assert_array_equal(first.velocities, second.velocities)


def test_reports_rise_from_nothing_to_all() -> None:
    told: list[float] = []

    hear_song(small_network(), [picture()], told.append, steps=50)

    assert told == sorted(told)
    assert 0.0 <= told[0] < 0.1
    assert 0.7 < told[-1] <= 1.0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card here")
def test_a_card_hears_what_the_processor_hears() -> None:
    network, whole = small_network(), picture()
    expected = hear_song(network, [whole])

    heard = hear_song(network.to("cuda"), [whole])

    np.testing.assert_allclose(heard.onsets, expected.onsets, atol=1e-4, rtol=0)
