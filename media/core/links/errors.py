"""Why a song cannot be had from a link."""

from __future__ import annotations

from accounts.core.errors import DrumError


class LinkInvalid(DrumError):
    """Unfinished, with a name and password in it, or with signs that no address has."""

    code = "link_invalid"
    message = "This is not a link that can be opened."
    hint = "Copy the whole address from the browser; it begins with https:// and holds no password."


class LinkSchemeNotAllowed(DrumError):
    """Another kind of address than the web's, or one that leaves encryption half-way."""

    code = "link_scheme_not_allowed"
    message = "Only links of the web can be fetched."
    hint = "Use a link that begins with https:// or http://."


class LinkAddressNotAllowed(DrumError):
    """It leads into a private network, to this machine, to a service of the cloud, or to an odd port."""

    code = "link_address_not_allowed"
    message = "This link leads to a place that this site may not visit."
    hint = "Use a public link, or download the song and upload its file."


class LinkUnreachable(DrumError):
    """No such host, nobody answers, or the answer is broken; also when this machine is offline."""

    code = "link_unreachable"
    message = "The link could not be reached."
    hint = "Check that it opens in a browser, then try again in a minute."


class LinkTimedOut(DrumError):
    """It took longer than this site allows."""

    code = "link_timed_out"
    message = "Fetching this link took too long and was stopped."
    hint = "Try again later, or download the song and upload its file."


class LinkTooSlow(DrumError):
    """Bytes come, but hardly."""

    code = "link_too_slow"
    message = "The other side sends too slowly."
    hint = "Try again later, or download the song and upload its file."


class LinkTooLarge(DrumError):
    """More bytes than this site accepts, as announced or as sent."""

    code = "link_too_large"
    message = "What is behind this link is larger than the {maximum_mb:g} MB that are allowed here."
    hint = "Use a link to the sound alone, or to a shorter piece."


class LinkTooLong(DrumError):
    """Longer than this site accepts."""

    code = "link_too_long"
    message = "What is behind this link is longer than the {maximum_s:g} s that are allowed here."
    hint = "Use a link to one song."


class LinkNotMedia(DrumError):
    """Something else than sound or video."""

    code = "link_not_media"
    message = "There is no audio or video behind this link."
    hint = "Use a link to the song itself, or to a page that plays it."


class LinkPrivate(DrumError):
    """Only some may see it."""

    code = "link_private"
    message = "This song is private or needs an account."
    hint = "Make it public or unlisted, or download it and upload its file."


class LinkRemoved(DrumError):
    """It is not there, or no longer."""

    code = "link_removed"
    message = "There is nothing behind this link any more."
    hint = "Check that it still opens in a browser."


class LinkAgeRestricted(DrumError):
    """Only grown-ups with an account may see it."""

    code = "link_age_restricted"
    message = "This song is for signed-in adults only and cannot be fetched."
    hint = "Use another link, or upload a file."


class LinkLive(DrumError):
    """It is being broadcast, or will be."""

    code = "link_live"
    message = "This is a live broadcast, which has no end."
    hint = "Wait until it is over and there is a recording of it."


class LinkBlocked(DrumError):
    """It answers, but not to us: forbidden, too many requests, another country, a riddle for robots."""

    code = "link_blocked"
    message = "The other side refuses to give this to us."
    hint = "Try again later, or download the song in your browser and upload its file."


class LinkUnsupported(DrumError):
    """A page on which nothing to play was found, or only what is protected."""

    code = "link_unsupported"
    message = "No song was found on this page, or it cannot be fetched."
    hint = "Use a link to the song itself, or download it and upload its file."


class LinkIsPlaylist(DrumError):
    """Several songs."""

    code = "link_is_playlist"
    message = "There are several songs behind this link."
    hint = "Use the link of one of them."


class LinkFetchBroke(Exception):
    """The fetching process ended without an answer: our fault, or the system's; worth another try."""


ALL_ERRORS: tuple[type[DrumError], ...] = (
    LinkInvalid,
    LinkSchemeNotAllowed,
    LinkAddressNotAllowed,
    LinkUnreachable,
    LinkTimedOut,
    LinkTooSlow,
    LinkTooLarge,
    LinkTooLong,
    LinkNotMedia,
    LinkPrivate,
    LinkRemoved,
    LinkAgeRestricted,
    LinkLive,
    LinkBlocked,
    LinkUnsupported,
    LinkIsPlaylist,
)
