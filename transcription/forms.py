"""What people send by forms: a song with its options, and the reasons they give."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.core.text import readable
from transcription.core.options import ENGINES, GRIDS, SEPARATIONS, SWINGS, JobOptions

LONGEST_REASON = 1000
# What of a form is an option of the job; the rest says what the song is.
_OPTIONS = (
    "title", "artist", "tempo_bpm", "meter", "grid", "swing", "separation", "engine", "paper", "track",
)  # fmt: skip
METERS = ("4/4", "3/4", "6/8", "2/4", "5/4", "7/8", "12/8")
_GRID_LABELS = {
    "auto": "Find out",
    "8": "Eighths at most",
    "16": "Sixteenths at most",
    "32": "Thirty-seconds at most",
    "triplet": "Triplets",
}
_SWING_LABELS = {
    "auto": "Find out",
    "off": "Straight",
    "eighths": "Swung eighths",
    "sixteenths": "Swung sixteenths",
    "triplets": "Written as triplets",
}
_ENGINE_LABELS = {
    "crnn": "crnn, for whole songs",
    "keras-cnn": "keras-cnn, for drums alone",
}
_SEPARATION_LABELS = {
    "auto": "Where it helps",
    "always": "Always, and keep the stems",
    "never": "Never",
}


def given_reason(request: HttpRequest) -> str:
    """Return why somebody acts, as they wrote it in a form; may be empty."""
    return readable(request.POST.get("reason", ""))[:LONGEST_REASON]


class UploadForm(forms.Form):
    """A song, and what its owner already knows about it. The file itself is received by the media app."""

    file = forms.FileField(label="Audio or video file", required=False)
    title = forms.CharField(label="Title", max_length=200, required=False)
    artist = forms.CharField(label="Artist", max_length=200, required=False)
    tempo_bpm = forms.FloatField(label="Tempo (BPM)", required=False)
    meter = forms.ChoiceField(
        label="Time signature", required=False, choices=[("", "Find out"), *((m, m) for m in METERS)]
    )
    grid = forms.ChoiceField(
        label="Finest notes", required=False, choices=[(grid, _GRID_LABELS[grid]) for grid in GRIDS]
    )
    swing = forms.ChoiceField(
        label="Swing", required=False, choices=[(swing, _SWING_LABELS[swing]) for swing in SWINGS]
    )
    separation = forms.ChoiceField(
        label="Take the drums out of the song",
        required=False,
        choices=[(choice, _SEPARATION_LABELS[choice]) for choice in SEPARATIONS],
    )
    engine = forms.ChoiceField(
        label="What hears the drums",
        required=False,
        choices=[(name, _ENGINE_LABELS[name]) for name in ENGINES],
    )
    paper = forms.ChoiceField(label="Paper", required=False, choices=[("a4", "A4"), ("letter", "US Letter")])

    def options(self) -> dict[str, Any]:
        """Return the given options, unchecked: ``JobOptions.parse`` is the one judge."""
        return {name: self.data[name] for name in _OPTIONS if self.data.get(name)}

    def job_options(self) -> JobOptions:
        """Return the checked options; raises ``InvalidOption``."""
        return JobOptions.parse(self.options())


class LinkForm(forms.Form):
    """Links, and that one may use what is behind them. The services in ``links`` are the judges of both."""

    url = forms.CharField(
        label="Link",
        required=False,
        widget=forms.Textarea(
            attrs={
                "placeholder": "https://…", "autocomplete": "off", "required": True, "rows": 1, "cols": 20,
                "inputmode": "url", "spellcheck": "false",
            }
        ),
    )  # fmt: skip
    rights_confirmed = forms.BooleanField(
        label="I may use this song: it is mine, it is free, or its owner lets me.",
        required=False,
        widget=forms.CheckboxInput(attrs={"required": True}),
    )
    playlists = forms.BooleanField(label="It is a playlist: take its songs.", required=False)
