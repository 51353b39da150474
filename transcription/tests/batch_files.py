"""Songs, and archives of songs, as people send them."""

from __future__ import annotations

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

from media.tests.factories import silence_wav
from media.uploads import ReceivedFile, receive

WAV = silence_wav()


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def received(name: str = "song.wav", content: bytes = WAV) -> ReceivedFile:
    """A file as it is when it has arrived."""
    return receive([content] if content else [], name=name)


def sent(name: str = "song.wav", content: bytes = WAV) -> SimpleUploadedFile:
    """A file on its way."""
    return SimpleUploadedFile(name, content)
