"""What people send by forms: a chart of another program."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from media.core.errors import FileTooLarge

ACCEPT = ".musicxml,.mxl,.xml,.mid,.midi,.json"
_MB = 1 << 20


class ImportForm(forms.Form):
    """A chart as MusicXML, MIDI or our own JSON."""

    file = forms.FileField(label="Chart", widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}))

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large; the reader refuses the rest, by name."""
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > settings.SCORE_FILE_MAX_MB * _MB:
            error = FileTooLarge(maximum_mb=settings.SCORE_FILE_MAX_MB)
            raise forms.ValidationError(str(error), code=error.code)
        return file
