"""What can be wrong with a recording."""

from __future__ import annotations

from accounts.core.errors import DrumError


class EmptyFile(DrumError):
    """The file has no bytes."""

    code = "empty_file"
    message = "The file is empty."
    hint = "Check the file on your computer and upload it again."


class NotAudio(DrumError):
    """The content is no audio or video format that we read, whatever the name says."""

    code = "not_audio"
    message = "This file is not audio or video that we can read."
    hint = "Upload mp3, wav, flac, ogg, opus, m4a, aac, mp4, mov, mkv, webm or avi."


class NoSound(DrumError):
    """A video without a sound track."""

    code = "no_audio_track"
    message = "This video has no sound track."
    hint = "Export the video again with its sound, or upload the audio alone."


class NoSuchTrack(DrumError):
    """A sound track was asked for that the file does not have; the details list ``tracks``."""

    code = "no_such_track"
    message = "There is no sound track {track}: the file has {count}, counted from 0."
    hint = "Choose one of the recording's tracks, or leave the choice out."


class UndecodableAudio(DrumError):
    """The container opens, but not one sample of sound can be decoded."""

    code = "undecodable_audio"
    message = "The sound in this file is damaged and cannot be decoded."
    hint = "Convert the original to wav or mp3 again and upload that."


class UnsupportedAudio(DrumError):
    """A sample rate or a number of channels that no recording of a song has."""

    code = "unsupported_audio"
    message = "The sound has {channels} channels at {rate} Hz, which cannot be read."
    hint = "Export the song as stereo at 44.1 or 48 kHz; 8 to 192 kHz and up to 8 channels are read."


class AudioTooShort(DrumError):
    """Too little sound to hear a beat in."""

    code = "audio_too_short"
    message = "The recording lasts {duration_s:.1f} s; at least {minimum_s:g} s are needed."
    hint = "Upload a longer piece of the song."


class AudioTooLong(DrumError):
    """Longer than this site accepts."""

    code = "audio_too_long"
    message = "The recording is longer than the {maximum_s:g} s that are allowed here."
    hint = "Cut the recording into shorter parts."


class FileTooLarge(DrumError):
    """More bytes than this site accepts."""

    code = "file_too_large"
    message = "The file is larger than the {maximum_mb:g} MB that are allowed here."
    hint = "Convert the song to mp3 or ogg, or cut it into parts."


class SilentAudio(DrumError):
    """Digital silence, or so close to it that nothing can be heard."""

    code = "silent_audio"
    message = "The recording is silent."
    hint = "Check the recording's volume and channels, then upload it again."


class StorageFull(DrumError):
    """No room to write."""

    code = "storage_full"
    message = "The server has run out of storage space."
    hint = "Nothing of yours was lost. Try again later."


class ArchiveDamaged(DrumError):
    """It begins like a zip file, and its list of files cannot be read."""

    code = "archive_damaged"
    message = "This zip file is damaged or incomplete."
    hint = "Make it anew, or upload the songs themselves."


class ArchiveTooLarge(DrumError):
    """Unpacked it would be more than this site takes, or it is made to fill disks."""

    code = "archive_too_large"
    message = "This zip file unpacks to more than the {maximum_mb:g} MB that are allowed here."
    hint = "Make several smaller ones."


class ArchiveEncrypted(DrumError):
    """It can only be read with a password."""

    code = "archive_encrypted"
    message = "This zip file is locked with a password."
    hint = "Make it anew without a password, or upload the songs themselves."


class ArchiveUnsupported(DrumError):
    """Packed by another method than those that every program knows."""

    code = "archive_unsupported"
    message = "This file was packed in a way that is not read here."
    hint = "Make the zip file with your system's own program, or upload the song itself."


class ArchiveNested(DrumError):
    """An archive within an archive."""

    code = "archive_nested"
    message = "This is a zip file inside a zip file, which is not unpacked."
    hint = "Put the songs themselves into one zip file."


class ArchiveMemberDamaged(DrumError):
    """The archive's list is good; this file of it is not what was packed."""

    code = "archive_member_damaged"
    message = "This file of the zip file is damaged."
    hint = "Make the zip file anew, or upload the song itself."


class TooManyFiles(DrumError):
    """More songs than this site takes at once."""

    code = "too_many_files"
    message = "These are more than the {maximum} files that can be sent at once."
    hint = "Send them in several goes."
