from __future__ import annotations

import pytest

from media.core.links.sayings import refusal_for

YOUTUBE = "ERROR: [youtube] dQw4w9WgXcQ: "


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (YOUTUBE + "Private video. Sign in if you've been granted access to this video", "link_private"),
        (YOUTUBE + "Join this channel to get access to members-only content", "link_private"),
        (YOUTUBE + "Video unavailable. This video has been removed by the uploader", "link_removed"),
        (
            YOUTUBE + "Video unavailable. This video is no longer available because the YouTube account "
            "associated with this video has been terminated.",
            "link_removed",
        ),
        (YOUTUBE + "Video unavailable", "link_removed"),
        (
            YOUTUBE + "Sign in to confirm your age. This video may be inappropriate for some users.",
            "link_age_restricted",
        ),
        (YOUTUBE + "Sign in to confirm you’re not a bot. Use --cookies-from-browser", "link_blocked"),
        (YOUTUBE + "The uploader has not made this video available in your country", "link_blocked"),
        (YOUTUBE + "This live event will begin in 3 hours.", "link_live"),
        (YOUTUBE + "Premieres in 20 minutes", "link_live"),
        (YOUTUBE + "Requested format is not available.", "link_unsupported"),
        ("ERROR: Unsupported URL: https://a.test/private/account/removed", "link_unsupported"),
        ("ERROR: [DRM] The requested site is known to use DRM protection.", "link_unsupported"),
        ("ERROR: unable to download video data: HTTP Error 403: Forbidden", "link_blocked"),
        ("ERROR: [generic] HTTP Error 429: Too Many Requests", "link_blocked"),
        ("ERROR: [generic] Unable to download webpage: HTTP Error 404: Not Found", "link_removed"),
        ("ERROR: [generic] Unable to download webpage: HTTP Error 503: Unavailable", "link_unreachable"),
        ("TransportError <urlopen error [Errno 111] Connection refused>", "link_unreachable"),
        ("gaierror [Errno -2] nowhere.test has no address", "link_unreachable"),
        ("TransportError The read operation timed out", "link_timed_out"),
        ("ERROR: unable to write data: [Errno 27] File too large", "link_too_large"),
        ("ERROR: something that nobody has said before", "link_unsupported"),
    ],
)
def test_what_a_site_says_is_told_in_our_words(said, code):
    assert refusal_for(said).code == code
