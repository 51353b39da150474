"""Make the detector: ``python -m transcription.core.training pack | train | finetune | export``."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transcription.core.training.config import BadConfig, TrainingConfig, parsed_config, read_config
from transcription.core.training.dataset import prepare

_CONFIG = Path(__file__).parent / "configs" / "crnn.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when what was asked for cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run_command(options))
    except (BadConfig, ValueError, FileNotFoundError, FileExistsError) as error:
        print(f"training {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m transcription.core.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_pack(commands.add_parser("pack", help="make one small folder of all that training needs"))
    _add_train(commands.add_parser("train", help="learn, or go on learning where a run stopped"))
    _add_export(commands.add_parser("export", help="write a run's averaged weights as they ship"))
    return parser


def _add_pack(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_pack)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder with drum-samples, groove-midi and backing"
    )
    parser.add_argument("--notes", type=Path, help="folder that training.note_bank made, to go with it")
    parser.add_argument(
        "--recording-seconds", type=float, default=26.0, help="the most of each recording; %(default)s"
    )
    parser.add_argument("--out", type=Path, default=Path("data/pack"), help="default: %(default)s")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_train)
    parser.add_argument("--config", type=Path, help=f"TOML file; a new run's default is {_CONFIG.name}")
    parser.add_argument(
        "--pack", type=Path, default=Path("data/pack"), help="a pack, or the folder it is made of"
    )
    parser.add_argument("--cache", type=Path, default=Path("data/material"), help="where sound is decoded to")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint, weights and log")
    parser.add_argument("--start", type=Path, help="weights that a new run starts from")
    parser.add_argument("--pseudo", type=Path, help="folder of labelled songs to learn from as well")
    parser.add_argument("--steps", type=int, help="of the whole run, instead of the configuration's")
    parser.add_argument("--workers", type=int, help="rendering processes, instead of the configuration's")
    parser.add_argument("--slice-minutes", type=float, help="stop after so long, ready to be resumed")
    parser.add_argument("--slice-steps", type=int, help="stop after so many steps, ready to be resumed")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_export)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the weights' file")
    parser.add_argument("--version", required=True, help="as results will record it: 2.0")


def _pack(options: argparse.Namespace) -> int:
    from transcription.core.training.pack import Squeezing, make_pack

    squeezing = Squeezing(recording_s=options.recording_seconds)
    size = make_pack(options.material, options.out, notes=options.notes, squeezing=squeezing)
    print(f"{options.out}: {size / 1e6:.1f} MB")
    return 0


def _train(options: argparse.Namespace) -> int:
    from transcription.core.training.train import Slice, train

    began = time.monotonic()
    deadline_s = None if options.slice_minutes is None else began + 60 * options.slice_minutes
    config = _config_for(options)
    prepare(options.pack, options.cache)
    step = train(
        options.cache,
        options.run,
        config,
        part=Slice(deadline_s, options.slice_steps),
        start=options.start,
        pseudo=options.pseudo,
    )
    steps = config.learning.steps
    print(f"{step} of {steps} steps done" + ("" if step >= steps else "; the same command goes on"))
    return 0


def _config_for(options: argparse.Namespace) -> TrainingConfig:
    import json

    begun = options.run / "config.json"
    if options.config is None and begun.exists():
        config = parsed_config(json.loads(begun.read_text()))
    else:
        config = read_config(options.config or _CONFIG)
    if options.steps is not None:
        config = replace(config, learning=replace(config.learning, steps=options.steps))
    if options.workers is not None:
        config = replace(config, machine=replace(config.machine, workers=options.workers))
    return parsed_config(config.as_dict())


def _export(options: argparse.Namespace) -> int:
    from transcription.core.training.checkpoints import export_weights
    from transcription.core.training.train import WEIGHTS

    export_weights(options.run / WEIGHTS, options.out, options.version)
    content = options.out.read_bytes()
    print(f"{options.out}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
