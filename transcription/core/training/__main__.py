"""Make the detector: ``python -m transcription.core.training pack | train | finetune | export``."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from accounts.core.errors import DrumError
from transcription.core.training.errors import CannotTrain
from transcription.core.training.learning.checkpoints import export_weights
from transcription.core.training.learning.config import TrainingConfig, parsed_config, read_config
from transcription.core.training.learning.dataset import prepare
from transcription.core.training.learning.pack import Squeezing, make_pack
from transcription.core.training.learning.train import WEIGHTS, Slice, train

_CONFIGS = Path(__file__).parent / "configs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when what was asked for cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run_command(options))
    except (CannotTrain, DrumError, FileNotFoundError, FileExistsError) as error:
        print(f"training {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m transcription.core.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_pack(commands.add_parser("pack", help="make one small folder of all that training needs"))
    _add_train(commands.add_parser("train", help="learn, or go on learning where a run stopped"))
    _add_finetune(commands.add_parser("finetune", help="go on learning with your own annotated songs"))
    _add_export(commands.add_parser("export", help="write a run's averaged weights as they ship"))
    return parser


def _add_pack(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_pack)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder with drum-samples, groove-midi and backing"
    )
    parser.add_argument("--notes", type=Path, help="folder that training.band.note_bank made, to go with it")
    parser.add_argument(
        "--recording-seconds", type=float, default=26.0, help="the most of each recording; %(default)s"
    )
    parser.add_argument("--out", type=Path, default=Path("data/pack"), help="default: %(default)s")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_train, default_config=_CONFIGS / "crnn.toml")
    parser.add_argument("--start", type=Path, help="weights that a new run starts from")
    parser.add_argument("--pseudo", type=Path, help="folder of labelled songs to learn from as well")
    _add_run(parser)


def _add_finetune(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_finetune, default_config=_CONFIGS / "finetune.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of annotated songs")
    parser.add_argument("--start", type=Path, required=True, help="weights to start from")
    parser.add_argument(
        "--hold-out", type=float, default=0.25, help="share of the songs measured on; %(default)s"
    )
    _add_run(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file of a new run; there is a default")
    parser.add_argument(
        "--pack", type=Path, default=Path("data/pack"), help="a pack, or the folder it is made of"
    )
    parser.add_argument("--notes", type=Path, help="the band's notes, where --pack holds none")
    parser.add_argument("--cache", type=Path, default=Path("data/material"), help="where sound is decoded to")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint, weights and log")
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
    squeezing = Squeezing(recording_s=options.recording_seconds)
    size = make_pack(options.material, options.out, notes=options.notes, squeezing=squeezing)
    print(f"{options.out}: {size / 1e6:.1f} MB")
    return 0


def _train(options: argparse.Namespace) -> int:
    part = _slice(options)
    config = _config_for(options)
    prepare(options.pack, options.cache, options.notes)
    step = train(options.cache, options.run, config, part=part, start=options.start, pseudo=options.pseudo)
    steps = config.learning.steps
    print(f"{step} of {steps} steps done" + ("" if step >= steps else "; the same command goes on"))
    return 0


def _finetune(options: argparse.Namespace) -> int:
    # Here, as it reads MIDI and resamples: learning from a pack does without the libraries for that.
    from transcription.core.training.learning.finetune import finetune

    part = _slice(options)
    config = _config_for(options)
    prepare(options.pack, options.cache, options.notes)
    outcome = finetune(
        options.data,
        options.start,
        options.run,
        options.cache,
        config,
        hold_out=options.hold_out,
        part=part,
    )
    if outcome is None:
        print("not done yet; the same command goes on")
        return 0
    print(f"F on {', '.join(outcome.held_out)}, held out:")
    for name, before in outcome.before.items():
        print(f"  {name:5} {before:.3f} → {outcome.after[name]:.3f}")
    print(f"weights: {options.run / WEIGHTS}")
    return 0


def _slice(options: argparse.Namespace) -> Slice:
    minutes = options.slice_minutes
    return Slice(None if minutes is None else time.monotonic() + 60 * minutes, options.slice_steps)


def _config_for(options: argparse.Namespace) -> TrainingConfig:
    begun = options.run / "config.json"
    if options.config is None and begun.exists():
        config = parsed_config(json.loads(begun.read_text()))
    else:
        config = read_config(options.config or options.default_config)
    if options.steps is not None:
        config = replace(config, learning=replace(config.learning, steps=options.steps))
    if options.workers is not None:
        config = replace(config, machine=replace(config.machine, workers=options.workers))
    return parsed_config(config.as_dict())


def _export(options: argparse.Namespace) -> int:
    export_weights(options.run / WEIGHTS, options.out, options.version)
    content = options.out.read_bytes()
    print(f"{options.out}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
