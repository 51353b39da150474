from __future__ import annotations

import gzip
import io
import socket
import ssl
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from media.core.links.addresses import AddressRules
from media.core.links.errors import (
    LinkAddressNotAllowed,
    LinkBlocked,
    LinkInvalid,
    LinkNotMedia,
    LinkPrivate,
    LinkRemoved,
    LinkSchemeNotAllowed,
    LinkTimedOut,
    LinkTooLarge,
    LinkTooSlow,
    LinkUnreachable,
)
from media.core.links.fetching import FetchedFile, WebPage, fetch_cover, fetch_file
from media.core.tests.link_server import HERE, QUICK, TRAP, Asked, Server, running
from media.core.tests.songs import encode_any

MP3 = {"Content-Type": "audio/mpeg"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return encode_any(tmp_path_factory.mktemp("song") / "song.mp3", 1.0).read_bytes()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def trap(server: Server) -> Iterator[Server]:
    """A server in a network that may not be visited, on the same port."""
    with running(TRAP, server.port) as trap:
        yield trap


def fetch(server: Server, url: str, folder: Path, **changes: object) -> FetchedFile | WebPage:
    return fetch_file(url, folder / "song", rules=server.rules, **{"limits": QUICK, **changes})


def test_a_song_is_fetched_whole_and_keeps_its_name(server, song, tmp_path):
    url = server.serves("/My%20song.mp3", song)
    told = []

    found = fetch(server, url, tmp_path, report=lambda done, total: told.append((done, total)))

    assert found == FetchedFile(tmp_path / "song", url, "My song.mp3")
    assert found.path.read_bytes() == song
    assert told[-1] == (len(song), len(song))


def test_a_song_without_an_announced_length_is_fetched(server, song, tmp_path):
    def in_chunks(asked: Asked) -> None:
        asked.begin(200, {**MP3, "Transfer-Encoding": "chunked"})
        for piece in (song[:1000], song[1000:]):
            asked.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        asked.wfile.write(b"0\r\n\r\n")

    server.routes["/a.mp3"] = in_chunks

    assert fetch(server, server.url("/a.mp3"), tmp_path).path.read_bytes() == song


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Waltz.mp3", "Waltz.mp3"),
        ("../../etc/Waltz.mp3", "Waltz.mp3"),
        ("..\\\\Waltz.mp3", "Waltz.mp3"),
        ("..", ""),
        ("a/", ""),
    ],
)
def test_the_name_that_the_sender_gives_wins_over_the_link(server, song, tmp_path, given, name):
    url = server.serves("/get", song, Content_Disposition=f'attachment; filename="{given}"')

    assert fetch(server, url, tmp_path).name == name


@pytest.mark.parametrize(
    "given",
    [
        "filename*=a\0b''x.mp3",
        "filename*=idna''%ff.mp3",
        "filename*0*=utf-8''a; filename*=b",
        f"filename*{'1' * 5000}*=utf-8''a",
    ],
)
def test_a_name_that_nobody_can_read_does_without(server, song, tmp_path, given):
    url = server.serves("/link.mp3", song, Content_Disposition=f"attachment; {given}")

    assert fetch(server, url, tmp_path).name == "link.mp3"


def test_an_announced_size_that_is_no_size_is_not_read(server, song, tmp_path):
    # The standard library ignores it, too, and reads to the end of the connection.
    server.routes["/a.mp3"] = lambda asked: (
        asked.begin(200, {**MP3, "Content-Length": "9" * 5000}) or asked.wfile.write(song)
    )

    assert fetch(server, server.url("/a.mp3"), tmp_path).path.read_bytes() == song


def test_redirects_are_followed(server, song, tmp_path):
    server.serves("/end.mp3", song)
    for number in range(5):
        server.redirects(f"/{number}", "/end.mp3" if number == 4 else f"/{number + 1}", 301 + number % 2)

    found = fetch(server, server.url("/0"), tmp_path)

    assert (found.url, found.path.read_bytes()) == (server.url("/end.mp3"), song)


def test_redirects_without_end_are_given_up(server, tmp_path):
    url = server.redirects("/round", "/round")

    with pytest.raises(LinkUnreachable):
        fetch(server, url, tmp_path)
    assert len(server.visits) == 6


@pytest.mark.parametrize(
    ("location", "refusal"),
    [
        (f"http://{TRAP}:PORT/secret", LinkAddressNotAllowed),
        ("http://2130706434:PORT/secret", LinkAddressNotAllowed),
        (f"http://[::ffff:{TRAP}]:PORT/secret", LinkAddressNotAllowed),
        ("http://169.254.169.254/latest/meta-data/", LinkAddressNotAllowed),
        ("http://169.254.169.254:PORT/latest/meta-data/", LinkAddressNotAllowed),
        (f"//{TRAP}:PORT/secret", LinkAddressNotAllowed),
        (f"http://{HERE}:22/", LinkAddressNotAllowed),
        ("file:///etc/passwd", LinkSchemeNotAllowed),
        (f"ftp://{HERE}/a.mp3", LinkSchemeNotAllowed),
        ("data:audio/mpeg;base64,AAAA", LinkSchemeNotAllowed),
        (f"http://{HERE}:PORT@{TRAP}:PORT/secret", LinkInvalid),
        (f"http://{HERE}:PORT\\@{TRAP}:PORT/secret", LinkInvalid),
    ],
)
def test_a_redirect_to_where_no_link_may_lead_is_refused(server, trap, tmp_path, location, refusal):
    url = server.redirects("/start", location.replace("PORT", str(server.port)))

    with pytest.raises(refusal):
        fetch(server, url, tmp_path)
    assert trap.visits == []


def test_a_name_that_leads_into_a_private_network_is_refused(server, trap, song, tmp_path):
    trap.serves("/a.mp3", song)

    with pytest.raises(LinkAddressNotAllowed):
        fetch(server, server.url("/a.mp3", "rebind.test"), tmp_path, resolve=lambda host, port: [TRAP])
    assert trap.visits == []


def test_one_private_address_among_good_ones_is_enough(server, trap, song, tmp_path):
    server.serves("/a.mp3", song)

    with pytest.raises(LinkAddressNotAllowed):
        fetch(server, server.url("/a.mp3", "rebind.test"), tmp_path, resolve=lambda host, port: [HERE, TRAP])
    assert server.visits == trap.visits == []


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(server, trap, song, tmp_path):
    server.serves("/a.mp3", song)
    answers = iter([[HERE], [TRAP], [TRAP]])
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    found = fetch(server, server.url("/a.mp3", "rebind.test"), tmp_path, resolve=rebinding)

    assert found.path.read_bytes() == song
    assert asked == ["rebind.test"]
    assert trap.visits == []


def test_a_name_that_leads_elsewhere_after_a_redirect_is_checked_anew(server, trap, tmp_path):
    server.redirects("/a.mp3", server.url("/b.mp3", "rebind.test"))
    answers = iter([[HERE], [TRAP]])

    with pytest.raises(LinkAddressNotAllowed):
        fetch(
            server,
            server.url("/a.mp3", "rebind.test"),
            tmp_path,
            resolve=lambda host, port: next(answers),
        )
    assert trap.visits == []


def test_a_host_that_the_rules_name_may_be_private(server, trap, song, tmp_path):
    trap.serves("/a.mp3", song)
    rules = AddressRules(ports=(server.port,), allowed=("nas.home",))
    url = server.url("/a.mp3", "nas.home")

    found = fetch_file(url, tmp_path / "song", rules=rules, limits=QUICK, resolve=lambda host, port: [TRAP])

    assert found.path.read_bytes() == song


def test_a_host_that_does_not_exist_cannot_be_reached(server, tmp_path):
    def no_such_name(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(LinkUnreachable):
        fetch(server, server.url("/a.mp3", "nowhere.test"), tmp_path, resolve=no_such_name)


def test_a_closed_port_cannot_be_reached(tmp_path):
    with running() as server:
        url = server.url("/a.mp3")

    with pytest.raises(LinkUnreachable):
        fetch_file(url, tmp_path / "song", rules=server.rules, limits=QUICK)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (401, LinkPrivate),
        (403, LinkBlocked),
        (429, LinkBlocked),
        (451, LinkBlocked),
        (404, LinkRemoved),
        (410, LinkRemoved),
        (500, LinkUnreachable),
        (503, LinkUnreachable),
        (204, LinkUnreachable),
        (304, LinkUnreachable),
    ],
)
def test_an_answer_that_is_none_says_why(server, tmp_path, status, refusal):
    server.routes["/a.mp3"] = lambda asked: asked.answer(status, MP3)

    with pytest.raises(refusal):
        fetch(server, server.url("/a.mp3"), tmp_path)


def test_an_announced_size_over_the_limit_is_refused_before_it_is_read(server, tmp_path):
    server.routes["/a.mp3"] = lambda asked: (
        asked.begin(200, {**MP3, "Content-Length": str(10**15)}) or (asked.wfile.write(b"ID3" + bytes(5000)))
    )

    with pytest.raises(LinkTooLarge):
        fetch(server, server.url("/a.mp3"), tmp_path)
    assert not (tmp_path / "song").exists()


def test_a_body_without_end_is_stopped_at_the_limit(server, tmp_path):
    def endless(asked: Asked) -> None:
        asked.begin(200, MP3)
        while True:
            asked.wfile.write(b"ID3" + bytes(65536))

    server.routes["/a.mp3"] = endless

    with pytest.raises(LinkTooLarge):
        fetch(server, server.url("/a.mp3"), tmp_path)
    assert (tmp_path / "song").stat().st_size <= QUICK.max_bytes


def test_a_body_that_breaks_off_is_refused(server, song, tmp_path):
    def broken(asked: Asked) -> None:
        asked.begin(200, {**MP3, "Content-Length": str(len(song))})
        asked.wfile.write(song[: len(song) // 2])

    server.routes["/a.mp3"] = broken

    with pytest.raises(LinkUnreachable):
        fetch(server, server.url("/a.mp3"), tmp_path)


def test_a_server_that_is_silent_is_given_up(server, tmp_path):
    server.routes["/a.mp3"] = lambda asked: time.sleep(3)
    began = time.monotonic()

    with pytest.raises(LinkTimedOut):
        fetch(server, server.url("/a.mp3"), tmp_path)
    assert time.monotonic() - began < 1.5


def test_a_body_that_drips_is_given_up(server, tmp_path):
    def dripping(asked: Asked) -> None:
        asked.begin(200, MP3)
        for _ in range(100):
            asked.wfile.write(b"ID3")
            time.sleep(0.05)

    server.routes["/a.mp3"] = dripping

    with pytest.raises(LinkTooSlow):
        fetch(server, server.url("/a.mp3"), tmp_path)


def test_a_head_that_drips_is_given_up(server, tmp_path):
    def dripping(asked: Asked) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200:
            asked.wfile.write(bytes([byte]))
            time.sleep(0.05)

    server.routes["/a.mp3"] = dripping

    with pytest.raises(LinkTooSlow):
        fetch(server, server.url("/a.mp3"), tmp_path)


def test_steady_bytes_still_end_with_the_time_for_everything(server, tmp_path):
    def steady(asked: Asked) -> None:
        asked.begin(200, MP3)
        for _ in range(100):
            asked.wfile.write(b"ID3" + bytes(300))
            time.sleep(0.05)

    server.routes["/a.mp3"] = steady

    with pytest.raises(LinkTimedOut):
        fetch(server, server.url("/a.mp3"), tmp_path, limits=replace(QUICK, total_s=0.7))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"no web at all\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_no_http_is_refused(server, tmp_path, head):
    server.routes["/a.mp3"] = lambda asked: asked.wfile.write(head)

    with pytest.raises(LinkUnreachable):
        fetch(server, server.url("/a.mp3"), tmp_path)


def a_zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.mp3", bytes(10_000_000))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"just words " * 50, "text/plain"),
        (b"just words " * 50, "audio/mpeg"),
        (b"just words " * 50, "application/octet-stream"),
        (b'{"song": 1}', "application/json"),
        (b"<!doctype html><html></html>", "audio/mpeg"),
        (b"%PDF-1.7 " + bytes(range(256)), "audio/mpeg"),
        (PNG, "image/png"),
        (PNG, "audio/mpeg"),
        (a_zip_bomb(), "application/zip"),
        (a_zip_bomb(), "audio/mpeg"),
        (gzip.compress(bytes(1_000_000)), "application/octet-stream"),
        (bytes(range(256)) * 4, "text/html"),
        (b"", "audio/mpeg"),
    ],
)
def test_what_is_certainly_no_sound_is_refused(server, tmp_path, body, content_type):
    url = server.serves("/a.mp3", body, content_type)

    with pytest.raises(LinkNotMedia):
        fetch(server, url, tmp_path)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_folded_body_is_not_unfolded(server, tmp_path, encoding):
    url = server.serves("/a.mp3", gzip.compress(bytes(10_000_000)), Content_Encoding=encoding)

    with pytest.raises(LinkNotMedia):
        fetch(server, url, tmp_path)


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", "text/html", ""])
def test_a_song_under_a_wrong_name_is_fetched_all_the_same(server, song, tmp_path, content_type):
    url = server.serves("/a.bin", b"ID3" + song, content_type)

    assert isinstance(fetch(server, url, tmp_path), FetchedFile)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<!doctype html><html></html>", "text/html; charset=utf-8"),
        (b"\n <HTML>\xe4</HTML>", ""),
        (b'<?xml version="1.0"?><html></html>', "application/xhtml+xml"),
        (b"#EXTM3U\n", "application/vnd.apple.mpegurl"),
        (b"#EXTM3U\n", "application/octet-stream"),
    ],
)
def test_a_page_or_a_list_of_pieces_is_told_apart(server, tmp_path, body, content_type):
    url = server.serves("/page", body, content_type)

    assert fetch(server, url, tmp_path) == WebPage(url)


def test_nothing_of_the_environment_is_used(server, song, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://{TRAP}:1/")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(f"machine {HERE} login me password secret")
    heads = []
    server.serves("/end.mp3", song)
    server.routes["/start"] = lambda asked: (
        heads.append(asked.headers) or asked.answer(302, {"Location": "/end.mp3", "Set-Cookie": "a=b"})
    )
    end = server.routes["/end.mp3"]
    server.routes["/end.mp3"] = lambda asked: heads.append(asked.headers) or end(asked)

    fetch(server, server.url("/start"), tmp_path)

    assert [head.get("Accept-Encoding") for head in heads] == ["identity", "identity"]
    assert not any({"Cookie", "Authorization", "Referer"} & set(head) for head in heads)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, self_signed):
    with running() as server:
        server.socket = self_signed.wrap_socket(server.socket, server_side=True)
        url = server.url("/a.mp3").replace("http:", "https:")

        with pytest.raises(LinkUnreachable):
            fetch_file(url, tmp_path / "song", rules=server.rules, limits=QUICK)
    assert server.visits == []


def test_a_redirect_out_of_encryption_is_refused(tmp_path, self_signed):
    with running() as plain, running() as server:
        server.socket = self_signed.wrap_socket(server.socket, server_side=True)
        server.redirects("/a.mp3", plain.url("/a.mp3"))
        url = server.url("/a.mp3").replace("http:", "https:")
        rules = AddressRules(ports=(server.port, plain.port), allowed=(HERE,))
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

        with pytest.raises(LinkSchemeNotAllowed):
            fetch_file(url, tmp_path / "song", rules=rules, limits=QUICK, tls=trusting)
    assert plain.visits == []


def test_a_cover_is_kept_if_it_is_a_picture(server, tmp_path):
    url = server.serves("/cover", PNG, "text/plain")

    cover = fetch_cover(url, tmp_path, rules=server.rules, limits=QUICK)

    assert (cover.name, cover.read_bytes()) == ("cover.png", PNG)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"<svg onload='alert(1)'/>", LinkNotMedia),
        (b"GIF89a" + bytes(100), LinkNotMedia),
        (PNG + bytes(3 << 20), LinkTooLarge),
    ],
)
def test_a_cover_that_is_no_picture_or_too_large_is_refused(server, tmp_path, body, refusal):
    url = server.serves("/cover.png", body, "image/png")

    with pytest.raises(refusal):
        fetch_cover(url, tmp_path, rules=server.rules, limits=QUICK)


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a server needs to speak TLS under a certificate of its own making."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HERE)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
