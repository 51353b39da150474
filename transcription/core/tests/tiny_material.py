"""The collections in miniature: two kits and two voices of made-up sounds, one of each split."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import soundfile

from transcription.core.training.sound.material import RATE

INSTRUMENTS = (
    "kick", "snare", "side_stick", "hihat_closed", "hihat_open", "hihat_pedal",
    "tom_high", "tom_mid", "tom_low", "crash", "ride", "ride_bell", "tambourine", "shaker", "clap", "cowbell",
)  # fmt: skip


def make_collections(folder: Path) -> Path:
    """Write ``drum-samples``, ``backing`` and ``groove-midi`` into ``folder``."""
    _make_kits(folder / "drum-samples")
    _make_voices(folder / "backing")
    _make_grooves(folder / "groove-midi")
    return folder


def _make_kits(folder: Path) -> None:
    time_s = np.arange(RATE // 5) / RATE
    rows = ["kit,instrument,file,split,velocity,level_db"]
    for split in ("train", "valid"):
        for number, instrument in enumerate(INSTRUMENTS):
            name = f"kit_{split}/{instrument}.wav"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            sound = 0.8 * np.sin(2 * np.pi * 60 * 1.4**number * time_s) * np.exp(-20 * time_s)
            soundfile.write(folder / name, sound, RATE)
            rows.append(f"kit_{split},{instrument},{name},{split},127,-1.5")
    (folder / "samples.csv").write_text("\n".join(rows) + "\n")
    (folder / "KITS.csv").write_text("kit,licence\nkit_train,CC0 1.0\nkit_valid,CC0 1.0\n")


def _make_voices(folder: Path) -> None:
    (folder / "voice").mkdir(parents=True)
    rows = ["file,kind,split,licence"]
    for hz, split in ((220, "train"), (330, "valid")):
        hum = 0.3 * np.sin(2 * np.pi * hz * np.arange(3 * RATE) / RATE)
        soundfile.write(folder / f"voice/{split}.wav", hum, RATE)
        rows.append(f"voice/{split}.wav,voice,{split},CC0 1.0")
    (folder / "BACKING.csv").write_text("\n".join(rows) + "\n")


def _make_grooves(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows = ["drummer,style,bpm,beat_type,time_signature,midi_filename,split"]
    for split in ("train", "validation"):
        song = mido.MidiFile(ticks_per_beat=480)
        track = mido.MidiTrack()
        song.tracks.append(track)
        for eighth in range(32):
            note = 42 if eighth % 2 else 36 if eighth % 4 == 0 else 38
            track.append(mido.Message("note_on", note=note, velocity=100, time=240 if eighth else 0))
        song.save(folder / f"{split}.mid")
        rows.append(f"drummer1,rock,120,beat,4-4,{split}.mid,{split}")
    (folder / "info.csv").write_text("\n".join(rows) + "\n")
