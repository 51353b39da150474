"""What people send by forms: a chart of another program."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from rest_framework.request import Request

from media.core.errors import FileTooLarge

ACCEPT = ".musicxml,.mxl,.xml,.mid,.midi,.json"
MB = 1 << 20
_FORM_BYTES = MB  # room for the multipart framing


class ImportForm(forms.Form):
    """A chart as MusicXML, MIDI or our own JSON."""

    file = forms.FileField(label="Chart", widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}))

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large; the reader refuses the rest, by name."""
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > settings.SCORE_FILE_MAX_MB * MB:
            error = FileTooLarge(maximum_mb=settings.SCORE_FILE_MAX_MB)
            raise forms.ValidationError(str(error), code=error.code)
        return file


def refuse_long_form(request: HttpRequest | Request) -> None:
    """Raise ``FileTooLarge`` for a form that no chart fills; to be asked before its body is read."""
    if bytes_sent(request) > settings.SCORE_FILE_MAX_MB * MB + _FORM_BYTES:
        raise FileTooLarge(maximum_mb=settings.SCORE_FILE_MAX_MB)


def bytes_sent(request: HttpRequest | Request) -> int:
    """Return how long the body of ``request`` says it is."""
    said = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(said) if said.isdecimal() else 0
