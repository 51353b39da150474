"""Make the second engine: ``python -m transcription.core.training.keras_cnn render | train | judge``."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from accounts.core.errors import DrumError
from transcription.core.evaluation.matching import Counts
from transcription.core.keras_cnn.engine import load_keras_cnn
from transcription.core.keras_cnn.network_file import with_judgement
from transcription.core.training.errors import CannotTrain
from transcription.core.training.keras_cnn.config import KerasConfig, parsed_config, read_config
from transcription.core.training.keras_cnn.judge import answered_songs, counts, fitted
from transcription.core.training.keras_cnn.train import Sets, train
from transcription.core.training.keras_cnn.windows import load_windows, render_windows
from transcription.core.training.learning.dataset import Source, prepare
from transcription.core.training.measuring.rendered_songs import SongSet, rendered_songs, set_name

_CONFIG = Path(__file__).with_name("keras-cnn.toml")
_SECONDS = 8.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when what was asked for cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run_command(options))
    except (CannotTrain, DrumError, FileNotFoundError) as error:
        print(f"training keras_cnn {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m transcription.core.training.keras_cnn", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_render(commands.add_parser("render", help="render windows to learn from, or go on rendering"))
    _add_train(commands.add_parser("train", help="learn, or go on learning where a run stopped"))
    _add_judge(commands.add_parser("judge", help="fit thresholds and chances; write what ships"))
    return parser


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_render)
    parser.add_argument(
        "--pack", type=Path, default=Path("data/pack"), help="a pack, or the folder it is made of"
    )
    parser.add_argument("--notes", type=Path, help="the band's notes, where --pack holds none")
    parser.add_argument("--cache", type=Path, default=Path("data/material"), help="where sound is decoded to")
    parser.add_argument("--out", type=Path, default=Path("data/keras-windows"), help="default: %(default)s")
    parser.add_argument("--mixes", type=int, default=2000, help="of 8 s to learn from; %(default)s")
    parser.add_argument("--valid-mixes", type=int, default=150, help="to measure the loss on; %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="rendering processes; %(default)s")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_train)
    parser.add_argument("--windows", type=Path, default=Path("data/keras-windows"), help="what render wrote")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint, log and network")
    parser.add_argument("--config", type=Path, help="TOML file of a new run; there is a default")
    parser.add_argument("--slice-minutes", type=float, help="stop after so long, ready to be resumed")


def _add_judge(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run_command=_judge)
    parser.add_argument("--network", type=Path, required=True, help="what train wrote: RUN/network.h5")
    parser.add_argument("--out", type=Path, required=True, help="the network that ships")
    parser.add_argument("--version", required=True, help="as results will record it: 1.0")
    parser.add_argument(
        "--pack", type=Path, default=Path("data/pack"), help="a pack, or the folder it is made of"
    )
    parser.add_argument("--store", type=Path, default=Path("data/validation"), help="where songs are kept")
    parser.add_argument("--songs", type=int, default=80, help="to fit on, each twice; %(default)s")
    parser.add_argument("--check", type=int, default=40, help="others, to measure on; %(default)s")


def _render(options: argparse.Namespace) -> int:
    prepare(options.pack, options.cache, options.notes)
    # Seeds apart, so that no number of mixes makes one set reach into the other.
    for split, mixes, seed in (
        ("train", options.mixes, options.seed),
        ("valid", options.valid_mixes, options.seed + 1),
    ):
        source = Source(options.cache, split, _SECONDS)
        render_windows(source, options.out / split, mixes, seed, options.workers, print)
    return 0


def _train(options: argparse.Namespace) -> int:
    config = _config_for(options)
    minutes = options.slice_minutes
    sets = Sets(load_windows(options.windows / "train"), load_windows(options.windows / "valid"))
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    step, steps = train(sets, options.run, config, deadline), config.steps(len(sets.train))
    print(f"{step} of {steps} steps done" + ("" if step >= steps else "; the same command goes on"))
    return 0


def _config_for(options: argparse.Namespace) -> KerasConfig:
    begun = options.run / "config.json"
    if options.config is None and begun.exists():
        return parsed_config(json.loads(begun.read_text()))
    return read_config(options.config or _CONFIG)


def _judge(options: argparse.Namespace) -> int:
    engine = load_keras_cnn(options.network)
    # Songs that the documents' tables are not measured on: those have seed 1.
    fit, check = SongSet(options.songs, seed=31), SongSet(options.check, seed=32)
    answered = [
        answered_songs(
            engine, rendered_songs(options.pack, options.store / set_name(options.pack, songs), songs), _say
        )
        for songs in (fit, check)
    ]
    judgement = fitted(answered[0])
    for source in ("drums", "mix"):
        figures = counts([song for song in answered[1] if song.source == source], judgement)
        by_label = " ".join(f"{label} {found.f_measure:.3f}" for label, found in figures.items())
        print(f"{source}: {by_label} all {sum(figures.values(), Counts()).f_measure:.3f}")
    # The network's own description stays as it is; only what we say about it is new.
    content = with_judgement(options.network.read_bytes(), options.version, judgement)
    options.out.write_bytes(content)
    print(f"{options.out}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    return 0


def _say(what: str) -> None:
    print(f"hearing {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
