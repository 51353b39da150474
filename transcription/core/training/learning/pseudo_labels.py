"""Label songs nobody annotated: ``python -m transcription.core.training.learning.pseudo_labels``.

What a detector is sure of becomes a stroke, what it rules out is none, and what lies between is not asked
for. Such songs go into a folder that ``python -m transcription.core.training train --pseudo`` learns from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio
from transcription.core.activations import Activations
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.families import MEMBERS, Family
from transcription.core.features import FPS, HOP, RATE
from transcription.core.judgement import PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import Candidates, all_candidates
from transcription.core.training.learning.songs import PseudoSong, save_song
from transcription.core.training.sound.material import as_int16, read_mono

# Frames on each side of a doubtful peak, and of a sure one, that nothing is asked about.
_AROUND = 2
# A member of a family this close to the likeliest one might be it.
_RIVAL = 0.4
_SOUNDS = ("*.ogg", "*.flac", "*.wav")


@dataclass(frozen=True, slots=True)
class Trust:
    """How sure a detector has to be, as a chance, to teach: from ``struck`` on yes, below ``silent`` no."""

    struck: float = 0.80
    silent: float = 0.12


def labelled(
    sound: NDArray[np.float32], activations: Activations, trust: Trust, picking: PeakPicking
) -> PseudoSong:
    """Turn what was heard in mono ``sound`` (44.1 kHz) into targets, families first, then their members."""
    frames = min(len(activations.beats), len(sound) // HOP)
    onsets = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float16)
    asked, velocities = np.ones_like(onsets), np.zeros_like(onsets)
    for family, candidates in all_candidates(activations, picking).items():
        for frame, members in _doubtful(candidates, family, activations, trust):
            asked[max(0, frame - _AROUND) : frame + _AROUND + 1, members] = 0
        for frame, member in _sure(candidates, family, activations, trust):
            for offset, target in ((-1, 0.5), (0, 1.0), (1, 0.5)):
                near = frame + offset
                if 0 <= near < frames:
                    onsets[near, member] = max(float(onsets[near, member]), target)
                    velocities[near, member] = activations.velocities[frame, member]
                    asked[near, member] = 1
    return PseudoSong(as_int16(sound[: frames * HOP]), onsets, asked, velocities)


def _sure(
    candidates: Candidates, family: Family, activations: Activations, trust: Trust
) -> Iterator[tuple[int, int]]:
    for frame in candidates.frames[candidates.chances >= trust.struck]:
        heights = activations.onsets[frame, MEMBERS[family]]
        yield int(frame), MEMBERS[family][int(np.argmax(heights))]


def _doubtful(
    candidates: Candidates, family: Family, activations: Activations, trust: Trust
) -> Iterator[tuple[int, Sequence[int]]]:
    for frame, chance in zip(candidates.frames, candidates.chances, strict=True):
        if trust.silent <= chance < trust.struck:
            yield int(frame), MEMBERS[family]
        elif chance >= trust.struck:
            heights = activations.onsets[frame, MEMBERS[family]]
            rivals = np.flatnonzero(heights >= _RIVAL * heights.max())
            if len(rivals) > 1:
                yield int(frame), [MEMBERS[family][rival] for rival in rivals]


def label_folder(
    songs: Path,
    out: Path,
    detector: Detector,
    trust: Trust | None = None,
    leave_out: Sequence[str] = (),
) -> int:
    """Label every sound file under ``songs`` into ``out``; returns how many strokes were sure.

    Args:
        leave_out: patterns of file names, such as ``mdn-*``: songs of which other parts serve to validate.
    Raises:
        FileNotFoundError: there is no sound file.
    """
    found = sorted(path for pattern in _SOUNDS for path in songs.rglob(pattern))
    paths = [path for path in found if not any(fnmatch(path.name, pattern) for pattern in leave_out)]
    if not paths:
        raise FileNotFoundError(f"no sound files under {songs}")
    out.mkdir(parents=True, exist_ok=True)
    strokes = 0
    for path in paths:
        sound = read_mono(path)
        heard = detect_onsets(Audio(sound[None], RATE), detector)
        song = labelled(sound, heard, trust or Trust(), detector.picking)
        save_song(song, out / f"{path.parent.name}-{path.stem}.npz")
        strokes += int(np.sum(song.onsets == 1))
        minutes = len(song.onsets) / FPS / 60
        print(f"{path.name}: {minutes:.1f} min, {np.mean(song.asked == 0):.1%} of all answers in doubt")
    return strokes


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True, help="folder of sound files, searched deeply")
    parser.add_argument("--out", type=Path, default=Path("data/pseudo"))
    parser.add_argument("--weights", type=Path, help="the teacher; default: the shipped detector")
    parser.add_argument(
        "--leave-out",
        nargs="*",
        default=[],
        metavar="PATTERN",
        help="of file names that are not to be labelled",
    )
    options = parser.parse_args()
    detector = load_detector(options.weights)
    strokes = label_folder(options.songs, options.out, detector, leave_out=options.leave_out)
    print(f"{strokes} strokes")


if __name__ == "__main__":
    main()
