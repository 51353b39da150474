"""Template filters for times, as a player shows them."""

from __future__ import annotations

import math

from django import template

register = template.Library()


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as minutes and seconds, or hours from an hour on: 213.4 → ``3:33``; nothing known → ``""``."""
    if seconds is None:
        return ""
    whole = max(0, int(float(seconds) + 0.5))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@register.filter
def eta(seconds: float | None) -> str:
    """An estimate, coarse and never a false zero, in the words of job_text.js; nothing known → ``""``."""
    if seconds is None:
        return ""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 55:
        return f"about {math.ceil(seconds / 5) * 5} s left"
    return f"about {max(1, round(seconds / 60))} min left"


@register.filter
def fraction(value: float | None) -> str:
    """A number for an HTML attribute, whatever the language: 0.5 → ``0.5000``; nothing known → ``0``."""
    return "0" if value is None else f"{float(value):.4f}"
