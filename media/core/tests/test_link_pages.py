from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import av
import pytest

from media.core.links.link_process import fetch_link, list_link
from media.core.links.pages import MOST_ENTRIES
from media.core.tests.link_server import HERE, QUICK, TRAP, Asked, Server, running
from media.core.tests.songs import encode_any

# A page's reader takes seconds to load on a busy machine.
PATIENT = replace(QUICK, total_s=60.0, read_s=5.0, connect_s=5.0)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

# Answers many links in one guarded process, for most of its time goes into loading the readers of pages.
MANY = """
import json, shutil, sys
from pathlib import Path
from media.core.links.addresses import AddressRules
from media.core.links import child
from media.core.links.guard import Guard
from media.core.links.limits import FetchLimits

given = json.loads(sys.stdin.read())
folder, limits = Path(given["folder"]), FetchLimits(**given["limits"])
rules = AddressRules(tuple(given["rules"]["ports"]), tuple(given["rules"]["allowed"]))
guard = Guard(rules, folder)
guard.install()
answers = {}
for wants, url in given["links"]:
    own = folder / str(len(answers))
    own.mkdir()
    guard.refused = False
    request = {"wants": wants, "url": url}
    with (own / "progress").open("w") as progress:
        answers[url] = child.answer_to(request, own, rules, limits, guard, progress)
known = ["https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://music.example/song"]
answers["known"] = [child.is_known_site(url) for url in known]
sys.stderr.close()
print(json.dumps(answers))
"""


def page(body: str, head: str = "<title>Moby waltz</title>") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def pieces(*urls: str, end: str = "#EXT-X-ENDLIST", head: str = "") -> bytes:
    lines = "".join(f"#EXTINF:2,\n{url}\n" for url in urls)
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n{head}{lines}{end}\n".encode()


@dataclass
class Site:
    """A site with pages good and bad, and what fetching each came to."""

    server: Server
    trap: Server
    answers: dict[str, Any] = field(default_factory=dict)

    def answer(self, path: str) -> dict[str, Any]:
        return self.answers[self.server.url(path)]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return encode_any(tmp_path_factory.mktemp("song") / "song.mp3", 2.0).read_bytes()


@pytest.fixture(scope="module")
def transport_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same song as a broadcast would carry it."""
    folder = tmp_path_factory.mktemp("broadcast")
    with (
        av.open(str(encode_any(folder / "song.m4a", 2.0))) as source,
        av.open(str(folder / "song.ts"), "w", format="mpegts") as copy,
    ):
        stream = copy.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    return (folder / "song.ts").read_bytes()


@pytest.fixture(scope="module")
def site(song: bytes, transport_stream: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running() as server, running(TRAP, server.port) as trap:
        trap.serves("/secret.mp3", song)
        trap.serves("/secret.ts", transport_stream, "video/mp2t")
        server.serves("/song.mp3", song)
        server.serves("/cover.png", PNG, "image/png")
        server.serves("/piece.ts", transport_stream, "video/mp2t")
        html, listed = "text/html", "application/vnd.apple.mpegurl"
        server.serves("/audio", page('<audio controls src="/song.mp3"></audio>'), html)
        server.serves("/video", page('<video><source src="/song.mp3" type="audio/mpeg"></video>'), html)
        meta = "".join(
            f'<meta property="og:{name}" content="{value}">'
            for name, value in (
                ("title", "Blue bossa"),
                ("video", server.url("/song.mp3")),
                ("image", server.url("/cover.png")),
            )
        )
        server.serves("/og", page("", meta), html)
        private_cover = meta.replace(server.url("/cover.png"), trap.url("/secret.png", TRAP))
        server.serves("/og-private-cover", page("", private_cover), html)
        server.serves("/pieces.m3u8", pieces("/piece.ts"), listed)
        server.serves("/two", page('<audio src="/song.mp3"></audio><audio src="/b.mp3"></audio>'), html)
        album = "".join(f'<audio src="/{number}.mp3"></audio>' for number in range(60))
        server.serves("/album", page(album), html)
        server.serves("/nothing", page("<p>Only words.</p>"), html)
        server.serves("/gone", page('<audio src="/not-there.mp3"></audio>'), html)
        server.routes["/forbidden"] = lambda asked: asked.answer(403, {"Content-Type": html}, b"no")
        server.serves("/blocked", page('<audio src="/forbidden"></audio>'), html)
        server.serves("/words", page('<audio src="/words.mp3"></audio>'), html)
        server.serves("/words.mp3", b"only words " * 200)
        server.serves("/large", page('<audio src="/large.mp3"></audio>'), html)
        server.serves("/large.mp3", b"ID3" + bytes(QUICK.max_bytes + 1))
        server.routes["/endless.mp3"] = _endless
        server.serves("/endless", page('<audio src="/endless.mp3"></audio>'), html)
        server.serves("/private", page(f'<audio src="{trap.url("/secret.mp3", TRAP)}"></audio>'), html)
        server.serves("/metadata", page('<video src="http://169.254.169.254/latest/a.mp4"></video>'), html)
        server.redirects("/to-private.mp3", trap.url("/secret.mp3", TRAP))
        server.serves("/redirected", page('<audio src="/to-private.mp3"></audio>'), html)
        server.serves("/file", page('<video src="file:///etc/passwd"></video>'), html)
        server.serves("/pieces-file.m3u8", pieces("file:///etc/passwd"), listed)
        server.serves("/pieces-private.m3u8", pieces(trap.url("/secret.ts", TRAP)), listed)
        server.redirects("/to-private.ts", trap.url("/secret.ts", TRAP))
        server.serves("/pieces-redirected.m3u8", pieces("/to-private.ts"), listed)
        key = f'#EXT-X-KEY:METHOD=AES-128,URI="{trap.url("/key", TRAP)}"\n'
        server.serves("/pieces-key.m3u8", pieces("/piece.ts", head=key), listed)
        server.serves("/pieces-ftp.m3u8", pieces(f"ftp://{HERE}:{server.port}/piece.ts"), listed)
        server.serves("/pieces-endless.m3u8", pieces("/endless.mp3"), listed)
        server.routes["/drip.ts"] = _dripping
        server.serves("/pieces-drip.m3u8", pieces("/drip.ts"), listed)
        server.serves("/live.m3u8", pieces("/piece.ts", end=""), listed)
        bomb = gzip.compress(bytes(200 << 20), 1)
        server.serves("/bomb", bomb, html, Content_Encoding="gzip")
        found = Site(server, trap)
        paths = [path for path in server.routes if "." not in path or path.endswith(".m3u8")]
        links = [("song", server.url(path)) for path in paths]
        links += [("entries", server.url("/two?list")), ("entries", server.url("/album?list"))]
        folder = tmp_path_factory.mktemp("fetched")
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import resource;"
             "resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\n" + MANY],
            input=json.dumps(
                {
                    "folder": str(folder),
                    "limits": asdict(PATIENT),
                    "rules": asdict(server.rules),
                    "links": links,
                }
            ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        found.answers = json.loads(done.stdout)
        yield found


def _endless(asked: Asked) -> None:
    asked.begin(200, {"Content-Type": "audio/mpeg"})
    while True:
        asked.wfile.write(b"ID3" + bytes(65536))


def _dripping(asked: Asked) -> None:
    asked.begin(200, {"Content-Type": "video/mp2t"})
    for _ in range(100):
        asked.wfile.write(bytes(100))
        time.sleep(0.1)


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("path", "title"), [("/audio", "Moby waltz"), ("/video", "Moby waltz"), ("/og", "Blue bossa")]
)
def test_the_song_of_a_page_is_fetched_as_it_is(site, song, path, title):
    answer = site.answer(path)

    assert (answer["type"], answer["title"], answer["artist"]) == ("song", title, "")
    assert answer["page_url"] == site.server.url(path)
    assert Path(answer["path"]).read_bytes() == song


def test_the_picture_of_a_page_is_kept(site):
    assert Path(site.answer("/og")["cover"]).read_bytes() == PNG


def test_a_picture_that_may_not_be_visited_is_left_out(site):
    answer = site.answer("/og-private-cover")

    assert (answer["type"], answer["cover"]) == ("song", None)


def test_a_song_in_pieces_is_put_together(site):
    answer = site.answer("/pieces.m3u8")

    assert answer["type"] == "song"
    with av.open(answer["path"]) as container:
        assert container.format.name == "matroska,webm"
        assert sum(packet.duration or 0 for packet in container.demux(audio=0)) > 0


def test_several_songs_are_listed_when_asked_for(site):
    entries = site.answer("/two?list")["entries"]

    assert [entry["url"] for entry in entries] == [site.server.url("/song.mp3"), site.server.url("/b.mp3")]


def test_no_more_than_fifty_songs_are_listed(site):
    assert len(site.answer("/album?list")["entries"]) == MOST_ENTRIES == 50


def test_a_site_with_a_reader_of_its_own_is_known(site):
    assert site.answers["known"] == [True, False]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/album", "link_is_playlist"),
        ("/two", "link_is_playlist"),
        ("/nothing", "link_unsupported"),
        ("/gone", "link_removed"),
        ("/forbidden", "link_blocked"),
        ("/blocked", "link_blocked"),
        ("/words", "link_not_media"),
        ("/large", "link_too_large"),
        ("/endless", "link_too_large"),
        ("/pieces-endless.m3u8", "link_too_large"),
        ("/bomb", "link_too_large"),
        ("/pieces-drip.m3u8", "link_too_slow"),
        ("/live.m3u8", "link_live"),
        ("/private", "link_address_not_allowed"),
        ("/metadata", "link_address_not_allowed"),
        ("/redirected", "link_address_not_allowed"),
        ("/pieces-private.m3u8", "link_address_not_allowed"),
        ("/pieces-redirected.m3u8", "link_address_not_allowed"),
        ("/pieces-key.m3u8", "link_address_not_allowed"),
        ("/pieces-file.m3u8", "link_scheme_not_allowed"),
        ("/pieces-ftp.m3u8", "link_scheme_not_allowed"),
        ("/file", "link_unsupported"),  # its reader takes no such address for a song at all
    ],
)
def test_a_page_that_leads_to_no_song_of_its_own_is_refused(site, path, code):
    assert site.answer(path).get("code", site.answer(path)) == code


def test_nothing_was_asked_of_where_no_link_may_lead(site):
    assert site.answers
    assert site.trap.visits == []


def test_a_page_is_fetched_in_a_process_of_its_own(site, song, tmp_path):
    found = fetch_link(site.server.url("/audio"), tmp_path, rules=site.server.rules, limits=PATIENT)

    assert (found.title, found.path.read_bytes()) == ("Moby waltz", song)


def test_a_list_is_looked_at_in_a_process_of_its_own(site, tmp_path):
    entries = list_link(site.server.url("/two"), tmp_path, rules=site.server.rules, limits=PATIENT)

    assert len(entries) == 2
