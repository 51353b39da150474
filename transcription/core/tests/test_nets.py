from __future__ import annotations

from pathlib import Path

import pytest

from transcription.core.memory import available_mb, resident_mb
from transcription.core.nets import Nets
from transcription.core.nets_config import NetsConfig
from transcription.core.weights_store.store import WeightStore


def test_a_network_is_loaded_once():
    nets = Nets()

    assert nets.detector is nets.detector


def test_networks_are_let_go_where_memory_is_short_and_come_back():
    nets = Nets(NetsConfig(short_of_mb=1e12))
    before = nets.detector

    assert nets.let_go_if_short()

    assert nets.detector is not before


@pytest.mark.parametrize("short_of_mb", [0.0, 1e-6])
def test_networks_are_kept_where_memory_is_not_short(short_of_mb):
    nets = Nets(NetsConfig(short_of_mb=short_of_mb))
    before = nets.detector

    assert not nets.let_go_if_short()

    assert nets.detector is before


def test_the_config_reaches_a_child_whole(tmp_path: Path):
    config = NetsConfig(threads=2, separate_device="cuda:1", store=WeightStore(folder=tmp_path))

    assert NetsConfig.parse(config.as_dict()) == config


def test_the_limit_of_a_container_counts(tmp_path: Path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:   4096000 kB\n")
    (tmp_path / "memory.max").write_text("2097152000\n")
    (tmp_path / "memory.current").write_text("1048576000\n")

    assert available_mb(tmp_path / "meminfo", tmp_path) == pytest.approx(1000)


def test_without_a_limit_the_machine_counts(tmp_path: Path):
    (tmp_path / "meminfo").write_text("MemAvailable:   4096000 kB\n")
    (tmp_path / "memory.max").write_text("max\n")

    assert available_mb(tmp_path / "meminfo", tmp_path) == pytest.approx(4000)


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path):
    assert available_mb(tmp_path / "nowhere", tmp_path) is None
    assert resident_mb(tmp_path / "nowhere") == 0.0


def test_this_process_holds_some_memory():
    assert 1 < resident_mb() < 100_000
