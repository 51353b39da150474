from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from transcription.core.network import DrumNetwork
from transcription.core.training.__main__ import main
from transcription.core.training.learning.config import (
    BadConfig,
    Learning,
    TrainingConfig,
    parsed_config,
    read_config,
)
from transcription.core.training.learning.learner import learning_rate

_CONFIGS = Path(__file__).parents[1] / "training" / "configs"


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("seed = 9\n[network]\nchannels = [8, 16]\n[learning]\npeak_rate = 1\n")

    config = read_config(path)

    assert (config.seed, config.network.channels, config.learning.peak_rate) == (9, (8, 16), 1.0)
    assert config.learning.batch == Learning().batch


@pytest.mark.parametrize("path", sorted(_CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_that_ships_is_one(path: Path) -> None:
    config = read_config(path)

    weights = sum(value.numel() for value in DrumNetwork(config.network).parameters())
    assert 4 * weights < 20e6  # bytes, as they ship


def test_a_configuration_survives_json() -> None:
    config = TrainingConfig(seed=4, learning=Learning(steps=7))

    assert parsed_config(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"sed": 1}, "sed is not known"),
        ({"learning": {"stepps": 1}}, r"learning\.stepps is not known"),
        ({"learning": {"steps": "many"}}, r"learning\.steps is a int"),
        ({"learning": {"steps": 0}}, "1 or more"),
        ({"learning": {"schedule": "linear"}}, "'cosine' or 'anneal'"),
        ({"learning": 3}, "learning is a table"),
        ({"machine": {"precision": "fp8"}}, "'bf16' or 'float32'"),
        ({"machine": {"compile": 1}}, r"machine\.compile is a bool"),
        ({"clips": {"pseudo_share": 1.5}}, "within 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(document: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        parsed_config(document)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("steps: 5")

    with pytest.raises(BadConfig, match=r"run\.toml"):
        read_config(tmp_path / "run.toml")


def test_only_what_changes_the_result_makes_two_configurations_differ() -> None:
    config = TrainingConfig()
    quick = replace(config, machine=replace(config.machine, workers=16, device="cuda"))

    assert config.differences(quick) == []
    assert config.differences(replace(config, seed=2)) == ["seed"]


def test_the_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    learning = Learning(steps=1000, peak_rate=1e-2, warm_up=100)
    rates = [learning_rate(learning, step) for step in range(1000)]

    assert rates[0] == pytest.approx(1e-4, rel=0.02)
    assert max(rates) == pytest.approx(1e-2, rel=0.03)
    assert rates.index(max(rates)) in range(90, 110)
    assert rates[500] == pytest.approx(0.5e-2, rel=0.01)
    assert rates[-1] < 1e-5


def test_an_annealed_rate_stays_at_its_peak_first() -> None:
    learning = Learning(steps=1000, peak_rate=1e-2, warm_up=100, schedule="anneal", anneal_share=0.3)

    assert learning_rate(learning, 690) == pytest.approx(1e-2, rel=0.01)
    assert learning_rate(learning, 850) == pytest.approx(0.5e-2, rel=0.01)
    assert learning_rate(learning, 999) < 1e-4


def test_a_bad_configuration_ends_the_command_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.toml").write_text("[learning]\nstepps = 5\n")

    status = main(["train", "--config", str(tmp_path / "run.toml"), "--run", str(tmp_path / "run")])

    assert status == 2
    assert "learning.stepps is not known" in capsys.readouterr().err
