"""``manage.py transcribe``: a song in, a drum score beside it; no server and no database."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from media.errors import LinksOff
from transcription.console import FetchBar, StageBars
from transcription.core.errors import InvalidOption
from transcription.core.options import ENGINES, GRIDS, PAPERS, SEPARATIONS, SWINGS, JobOptions
from transcription.core.result import RESULT_SCHEMA
from transcription.core.song_run import RunLimits, run_song
from transcription.core.stage_process import StageBroke, StageProcess
from transcription.core.stages import Stage
from transcription.files import SCORES, SOUNDS, DownloadFormat
from transcription.link_songs import FetchRefused, LinkSongs, is_link
from transcription.links.running import address_rules, fetch_limits
from transcription.processes import new_stage_process

_WRITTEN = tuple(SCORES[fmt] for fmt in ("pdf", "musicxml", "midi", "json", "svg"))
_USAGE = 2
_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM


class SongRefused(Exception):
    """One song cannot be transcribed; the others can. Its text is for a person."""


class Command(BaseCommand):
    """Runs the pipeline over songs and writes each one's files, with a progress bar a stage."""

    help = "Transcribe songs: writes SONG.pdf, .musicxml, .mid, .json and .svg beside each SONG."
    requires_system_checks: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "songs",
            nargs="+",
            metavar="SONG",
            help="audio, video with sound, or a link to either",
        )
        parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="write there, not beside SONG")
        parser.add_argument(
            "--rights-confirmed", action="store_true", help="I may use the songs behind the links"
        )
        parser.add_argument("--meter", help="time signature, such as 6/8 (default: found by listening)")
        parser.add_argument("--tempo", metavar="BPM", help="felt beats a minute (default: found)")
        parser.add_argument("--first-downbeat", metavar="SECONDS", help="where bar one begins")
        parser.add_argument("--grid", choices=GRIDS, default="auto", help="the finest note values to write")
        parser.add_argument(
            "--swing", choices=SWINGS, default="auto", help="how long-short pairs are written"
        )
        parser.add_argument("--paper", choices=PAPERS, default="a4", help="of the PDF")
        parser.add_argument("--title", default="", help="printed on the score (default: the file's name)")
        parser.add_argument("--artist", default="", help="printed on the score")
        parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="what hears the drums")
        parser.add_argument(
            "--separation", choices=SEPARATIONS, default="auto", help="take the drums out of the song first"
        )
        parser.add_argument(
            "--separation-model",
            metavar="NAME",
            help="a Demucs model (default: htdemucs); see manage.py models",
        )
        parser.add_argument(
            "--stems", action="store_true", help="separate, and write the stems and a click as FLAC, too"
        )
        parser.add_argument("--track", metavar="N", help="which sound track of the file, from 0")
        parser.add_argument("--json-only", action="store_true", help="write SONG.json alone; do not engrave")
        parser.add_argument(
            "--force", action="store_true", help="overwrite files that drumsite did not write"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Transcribe one song after the other; the exit status is 1 when any of them was refused."""
        signal.signal(signal.SIGTERM, _end)
        asked: list[str] = options["songs"]
        _check_links(asked, options)
        chosen = self._options(options)
        if options["title"] and len(asked) > 1:
            raise CommandError(
                "--title is for one song; its name is printed on the score.", returncode=_USAGE
            )
        # What comes from a link lies nowhere that one would look.
        output: Path | None = options["output"] or (Path() if any(map(is_link, asked)) else None)
        links = LinkSongs(address_rules(), fetch_limits())
        formats = tuple(f for f in _WRITTEN if f.fmt == "json") if options["json_only"] else _WRITTEN
        if options["stems"]:
            formats += tuple(entry for entry in SOUNDS.values() if entry.fmt != "enhanced")
        without = (Stage.ENGRAVE,) if options["json_only"] else ()
        process = new_stage_process()
        refused = 0
        try:
            songs, refused = self._on_this_machine(asked, links)
            for song, stem in zip(songs, _stems(songs, output), strict=True):
                targets = {form: (output or song.parent) / f"{stem}{form.ending}" for form in formats}
                try:
                    _check(song, targets, force=options["force"])
                    self._transcribe(song, chosen, without, targets, process, options["verbosity"])
                except SongRefused as error:
                    self.stderr.write(f"{song}: {error}")
                    refused += 1
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")
            sys.exit(_INTERRUPTED)
        finally:
            process.kill()
            links.remove()
        if refused:
            sys.exit(1)

    def _on_this_machine(self, asked: Sequence[str], links: LinkSongs) -> tuple[list[Path], int]:
        """Return where the songs lie, those from links fetched, and how many links were refused."""
        songs: list[Path] = []
        for song in asked:
            if not is_link(song):
                songs.append(Path(song))
                continue
            bar = FetchBar(sys.stderr)
            try:
                songs.append(links.fetch(song, bar.show))
            except FetchRefused as error:
                self.stderr.write(f"{song}: {error}")
            finally:
                bar.end()
        return songs, len(asked) - len(songs)

    def _options(self, options: dict[str, Any]) -> JobOptions:
        try:
            return JobOptions.parse(
                {
                    "engine": options["engine"],
                    "tempo_bpm": options["tempo"],
                    "meter": options["meter"],
                    "first_downbeat_s": options["first_downbeat"],
                    "grid": options["grid"],
                    "swing": options["swing"],
                    "paper": options["paper"],
                    "title": options["title"],
                    "artist": options["artist"],
                    "separation": "always" if options["stems"] else options["separation"],
                    "separation_model": options["separation_model"],
                    "track": options["track"],
                }
            )
        except InvalidOption as error:
            flags = {
                "tempo_bpm": "--tempo",
                "first_downbeat_s": "--first-downbeat",
                "separation_model": "--separation-model",
            }
            name = str(error.details["option"])
            flag = flags.get(name, f"--{name}")
            raise CommandError(f"{flag} must be {error.details['expected']}.", returncode=_USAGE) from error

    def _transcribe(
        self,
        song: Path,
        options: JobOptions,
        without: tuple[Stage, ...],
        targets: dict[DownloadFormat, Path],
        process: StageProcess,
        verbosity: int,
    ) -> None:
        given = options.as_dict()
        titled = JobOptions.parse(given | {"title": options.title or _title(song)})
        bars = StageBars(sys.stderr)
        print(song, file=sys.stderr, flush=True)
        with _scratch() as folder:
            try:
                run_song(
                    song, Path(folder), titled, process,
                    limits=RunLimits(
                        settings.RECORDING_MIN_S, settings.RECORDING_MAX_S, settings.STAGE_TIME_LIMIT_S
                    ),
                    without=without, on_progress=bars.progress, on_done=bars.done,
                )  # fmt: skip
            except DrumError as error:
                raise SongRefused(f"{error} {error.hint}".strip()) from error
            except StageBroke as error:
                if verbosity > 1:
                    self.stderr.write(str(error))
                raise SongRefused(
                    "Something went wrong on our side. Run it again with -v 2 to see what, and report it."
                ) from error
            finally:
                bars.broken_off()
            made = {form: target for form, target in targets.items() if _was_made(Path(folder), form)}
            _publish(Path(folder), made)
        for target in made.values():
            self.stdout.write(str(target))


def _check_links(asked: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse what is asked of links in the wrong way, before any work."""
    links = [song for song in asked if is_link(song)]
    if links and not settings.LINK_IMPORTS:
        raise CommandError(f"{LinksOff()} {LinksOff.hint}", returncode=_USAGE)
    if links and not options["rights_confirmed"]:
        raise CommandError(
            "Say --rights-confirmed if you may use the songs behind the links.", returncode=_USAGE
        )
    if links and len(links) < len(asked) and not options["output"]:
        raise CommandError("Say with -o where to write the scores of files and links.", returncode=_USAGE)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # As an exception, so that scratch files and the child process go too.
    sys.exit(_TERMINATED)


def _scratch() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="drumsite-")
    except OSError as error:
        raise SongRefused(f"There is no room for temporary files: {error.strerror}.") from error


def _title(song: Path) -> str:
    name = one_line(song.stem.replace("_", " "))
    return name.encode("utf-8", "replace").decode()[:200]


def _stems(songs: Sequence[Path], output: Path | None) -> list[str]:
    """Name each song's files; what tells songs of one name apart is added."""
    stems: list[str] = []
    taken: set[tuple[Path, str]] = set()
    names = [(output or song.parent, song.stem) for song in songs]
    for song, (folder, stem) in zip(songs, names, strict=True):
        if names.count((folder, stem)) > 1:
            parent = song.resolve().parent.name if output else song.suffix.lstrip(".")
            stem = f"{parent}-{stem}" if output else f"{stem}-{parent}"
        unique, number = stem, 2
        while (folder, unique) in taken:
            unique, number = f"{stem}-{number}", number + 1
        taken.add((folder, unique))
        stems.append(unique)
    return stems


def _check(song: Path, targets: dict[DownloadFormat, Path], *, force: bool) -> None:
    """Refuse, before any work, what could not be read or written in the end."""
    if song.is_dir():
        raise SongRefused("This is a folder. Name the songs in it.")
    if not song.exists():
        raise SongRefused("There is no such file. Check the spelling of its name.")
    if not os.access(song, os.R_OK):
        raise SongRefused("This file may not be read. Check its permissions.")
    folder = next(iter(targets.values())).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SongRefused(f"The folder {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise SongRefused(f"Nothing may be written to {folder}. Choose another folder with -o.")
    if any(target.exists() and target.samefile(song) for target in targets.values()):
        raise SongRefused("Its score would overwrite the song itself. Choose another folder with -o.")
    foreign = [] if force or _is_ours(targets) else [path for path in targets.values() if path.exists()]
    if foreign:
        names = ", ".join(path.name for path in foreign)
        raise SongRefused(
            f"{names} would be overwritten, and may be yours. Use -o DIR, or --force to overwrite."
        )


def _is_ours(targets: dict[DownloadFormat, Path]) -> bool:
    """Whether an earlier run left its result here: then all of these files are drumsite's to replace."""
    result = next(path for form, path in targets.items() if form.fmt == "json")
    try:
        content = json.loads(result.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("schema") == RESULT_SCHEMA


def _was_made(folder: Path, form: DownloadFormat) -> bool:
    """Whether a file is there; of stems a model need not have all, everything else is."""
    return form.fmt not in SOUNDS or (folder / form.kind).is_file()


def _publish(folder: Path, targets: dict[DownloadFormat, Path]) -> None:
    """Move the files to where they were asked for: all of them, each at once, or none."""
    partial = {target: target.with_name(f".{target.name}.part") for target in targets.values()}
    try:
        for form, target in targets.items():
            shutil.copyfile(folder / form.kind, partial[target])
        for target, path in partial.items():
            path.replace(target)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else error.strerror
        raise SongRefused(f"The score could not be written: {reason}.") from error
    finally:
        _remove(partial.values())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
