"""What sites say of a song that they do not give, as yt-dlp passes it on, in our words."""

from __future__ import annotations

import re

from accounts.core.errors import DrumError
from media.core.links.errors import (
    LinkAgeRestricted,
    LinkBlocked,
    LinkLive,
    LinkPrivate,
    LinkRemoved,
    LinkSchemeNotAllowed,
    LinkTimedOut,
    LinkTooLarge,
    LinkUnreachable,
    LinkUnsupported,
)

# In the order of how sure one can be: a later one may be part of what an earlier one says.
_SAYINGS: tuple[tuple[str, type[DrumError]], ...] = (
    (r"MemoryError|larger than max|file too large|Errno 27", LinkTooLarge),
    (r"url scheme|urls are disabled", LinkSchemeNotAllowed),
    (r"not a bot|captcha|unusual traffic|too many requests|HTTP Error 4(03|29|51)|cloudflare", LinkBlocked),
    (r"HTTP Error 5", LinkUnreachable),
    (r"confirm your age|age.?restricted|inappropriate for some users|18 years", LinkAgeRestricted),
    (r"in your (country|region|location)|geo.?restrict", LinkBlocked),
    (r"removed|deleted|terminated|does(n't| not) exist|HTTP Error 4(04|10)", LinkRemoved),
    (r"private|members.?only|log ?in|sign ?in|register|account|password|HTTP Error 401|premium", LinkPrivate),
    (r"live ?(event|stream|hls)|is live|premieres? in|will begin in|is offline|currently live", LinkLive),
    (r"DRM|unsupported url|no video|no formats|requested format|no media|not supported", LinkUnsupported),
    (r"not found|unavailable|no longer available", LinkRemoved),
    (r"timed? ?out", LinkTimedOut),
    (r"connection|gaierror|network|ssl|certificate|incomplete|bytes read", LinkUnreachable),
)
_NOT_THE_SITES_WORDS = re.compile(r"\b[a-z]+://\S+|/\S+|; please report this issue.*", re.IGNORECASE)


def refusal_for(said: str) -> type[DrumError]:
    """Return what ``said`` comes to; ``LinkUnsupported`` when it is nothing that we know."""
    words = _NOT_THE_SITES_WORDS.sub("", said)
    for pattern, refusal in _SAYINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return refusal
    return LinkUnsupported
