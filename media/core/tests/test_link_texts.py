from __future__ import annotations

import pytest

from media.core.links.addresses import AddressRules, check_address
from media.core.links.errors import LinkAddressNotAllowed, LinkInvalid, LinkSchemeNotAllowed
from media.core.links.link_text import follow, parse_link

RULES = AddressRules()

HOSTILE = [
    # This machine, in every notation.
    ("http://127.0.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://127.1/a.mp3", LinkAddressNotAllowed),
    ("http://127.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://2130706433/a.mp3", LinkAddressNotAllowed),
    ("http://0x7f000001/a.mp3", LinkAddressNotAllowed),
    ("http://0x7f.0.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://0177.0.0.01/a.mp3", LinkAddressNotAllowed),
    ("http://017700000001/a.mp3", LinkAddressNotAllowed),
    ("http://0/a.mp3", LinkAddressNotAllowed),
    ("http://0x/a.mp3", LinkAddressNotAllowed),
    ("http://0.0.0.0/a.mp3", LinkAddressNotAllowed),
    ("http://127.0.0.1./a.mp3", LinkAddressNotAllowed),
    ("http://[::1]/a.mp3", LinkAddressNotAllowed),
    ("http://[::]/a.mp3", LinkAddressNotAllowed),
    ("http://[0:0:0:0:0:0:0:1]/a.mp3", LinkAddressNotAllowed),
    ("http://[::ffff:127.0.0.1]/a.mp3", LinkAddressNotAllowed),
    ("http://[::ffff:7f00:1]/a.mp3", LinkAddressNotAllowed),
    ("http://[::127.0.0.1]/a.mp3", LinkAddressNotAllowed),
    ("http://[2002:7f00:1::]/a.mp3", LinkAddressNotAllowed),
    ("http://[64:ff9b::127.0.0.1]/a.mp3", LinkAddressNotAllowed),
    ("http://[fe80::1%25eth0]/a.mp3", LinkAddressNotAllowed),
    ("http://[fe80::1%eth0]/a.mp3", LinkAddressNotAllowed),
    ("http://１２７.０.０.１/a.mp3", LinkAddressNotAllowed),
    ("http://①②⑦.⓪.⓪.①/a.mp3", LinkAddressNotAllowed),
    ("http://127。0。0。1/a.mp3", LinkAddressNotAllowed),
    # Private and special networks, and the clouds' own services.
    ("http://10.0.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://172.16.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://192.168.1.1/a.mp3", LinkAddressNotAllowed),
    ("http://100.64.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://198.18.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://169.254.169.254/latest/meta-data/", LinkAddressNotAllowed),
    ("http://0xa9fea9fe/latest/meta-data/", LinkAddressNotAllowed),
    ("http://[::ffff:169.254.169.254]/latest/", LinkAddressNotAllowed),
    ("http://[fd00:ec2::254]/latest/", LinkAddressNotAllowed),
    ("http://100.100.100.200/latest/", LinkAddressNotAllowed),
    ("http://192.0.0.192/latest/", LinkAddressNotAllowed),
    ("http://168.63.129.16/machine", LinkAddressNotAllowed),
    ("http://224.0.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://255.255.255.255/a.mp3", LinkAddressNotAllowed),
    ("http://240.0.0.1/a.mp3", LinkAddressNotAllowed),
    ("http://[ff02::1]/a.mp3", LinkAddressNotAllowed),
    ("http://[fc00::1]/a.mp3", LinkAddressNotAllowed),
    ("http://[2001:db8::1]/a.mp3", LinkAddressNotAllowed),
    ("http://[2001:0:7f00:1::]/a.mp3", LinkAddressNotAllowed),
    # Ports of other services.
    ("http://example.org:22/a.mp3", LinkAddressNotAllowed),
    ("http://example.org:6379/a.mp3", LinkAddressNotAllowed),
    ("http://example.org:0/a.mp3", LinkAddressNotAllowed),
    # Other kinds of addresses.
    ("file:///etc/passwd", LinkSchemeNotAllowed),
    ("ftp://example.org/a.mp3", LinkSchemeNotAllowed),
    ("gopher://example.org/_", LinkSchemeNotAllowed),
    ("dict://127.0.0.1:11211/stat", LinkSchemeNotAllowed),
    ("data:audio/mpeg;base64,AAAA", LinkSchemeNotAllowed),
    ("javascript:alert(1)", LinkSchemeNotAllowed),
    ("jar:http://example.org!/a.mp3", LinkSchemeNotAllowed),
    # What two readers would read in two ways.
    ("http://example.org@127.0.0.1/a.mp3", LinkInvalid),
    ("http://user:secret@example.org/a.mp3", LinkInvalid),
    ("http://127.0.0.1\\@example.org/a.mp3", LinkInvalid),
    ("http:\\\\127.0.0.1\\a.mp3", LinkInvalid),
    ("http://example.org\\.evil.test/a.mp3", LinkInvalid),
    ("http://example.org/a\r\nHost: 127.0.0.1", LinkInvalid),
    ("http://exa\tmple.org/a.mp3", LinkInvalid),
    ("http://exam\u200bple.org/a.mp3", LinkInvalid),
    ("http://example.org/a\u202e3pm", LinkInvalid),
    ("http://example.org/a\0.mp3", LinkInvalid),
    ("http://example%2eorg/a.mp3", LinkInvalid),
    ("http://example.org%2f@127.0.0.1/", LinkInvalid),
    ("http:example.org/a.mp3", LinkInvalid),
    ("http:/example.org/a.mp3", LinkInvalid),
    ("http:///example.org/a.mp3", LinkInvalid),
    ("http://", LinkInvalid),
    ("http://example.org:/a.mp3", LinkInvalid),
    ("http://example.org:99999/a.mp3", LinkInvalid),
    ("http://example.org:80a/a.mp3", LinkInvalid),
    ("http://[::1/a.mp3", LinkInvalid),
    ("http://[example.org]/a.mp3", LinkInvalid),
    ("http://example..org/a.mp3", LinkInvalid),
    ("http://.example.org/a.mp3", LinkInvalid),
    ("http://example.org../a.mp3", LinkInvalid),
    ("http://1.2.3.4.5/a.mp3", LinkInvalid),
    ("http://256.1.1.1/a.mp3", LinkInvalid),
    ("http://0x1ffffffff/a.mp3", LinkInvalid),
    ("http://08.8.8.8/a.mp3", LinkInvalid),
    ("http://example.1/a.mp3", LinkInvalid),
    ("http://" + "a" * 64 + ".org/a.mp3", LinkInvalid),
    ("http://" + "a." * 130 + "org/a.mp3", LinkInvalid),
    ("http://example.org/" + "a" * 2048, LinkInvalid),
    ("//example.org/a.mp3", LinkInvalid),
    ("example.org/a.mp3", LinkInvalid),
    ("example.org:80/a.mp3", LinkInvalid),
    ("", LinkInvalid),
]


@pytest.mark.parametrize(("text", "refusal"), HOSTILE)
def test_a_hostile_link_is_refused(text, refusal):
    with pytest.raises(refusal):
        parse_link(text, RULES)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/song.mp3", "https://example.org/song.mp3"),
        ("  HTTPS://Example.ORG:443/Song.mp3?take=2#t=10 \n", "https://example.org/Song.mp3?take=2"),
        ("http://example.org", "http://example.org/"),
        ("https://example.org./a.mp3", "https://example.org/a.mp3"),
        ("https://bücher.example/lied ", "https://xn--bcher-kva.example/lied"),
        ("https://example.org/Füße.mp3?q=ü", "https://example.org/F%C3%BC%C3%9Fe.mp3?q=%C3%BC"),
        ("https://example.org/a%20b.mp3", "https://example.org/a%20b.mp3"),
        ("http://8.8.8.8/a.mp3", "http://8.8.8.8/a.mp3"),
        ("http://0x08080808/a.mp3", "http://8.8.8.8/a.mp3"),
        ("http://134744072/a.mp3", "http://8.8.8.8/a.mp3"),
        ("https://[2606:4700:0:0::1111]/a.mp3", "https://[2606:4700::1111]/a.mp3"),
        ("https://my_band.example.org/a.mp3", "https://my_band.example.org/a.mp3"),
    ],
)
def test_an_honest_link_is_written_in_one_way(text, url):
    assert parse_link(text, RULES).url == url


def test_an_allowed_network_and_port_may_be_visited():
    rules = AddressRules(ports=(8080,), allowed=("10.1.0.0/16", "nas.home"))

    assert parse_link("http://10.1.2.3:8080/a.mp3", rules).host == "10.1.2.3"
    with pytest.raises(LinkAddressNotAllowed):
        parse_link("http://10.2.2.3:8080/a.mp3", rules)


@pytest.mark.parametrize("address", ["::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::"])
def test_an_address_that_stands_for_an_allowed_one_is_allowed(address):
    assert check_address(address, AddressRules(allowed=("10.1.0.0/16",)))


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "8.8.4.4", "2606:4700::1111"])
def test_a_public_address_is_allowed(address):
    assert str(check_address(address, RULES)) == str(check_address(address.upper(), RULES))


@pytest.mark.parametrize(
    ("location", "refusal"),
    [
        ("http://example.org/a.mp3", LinkSchemeNotAllowed),
        ("ftp://example.org/a.mp3", LinkSchemeNotAllowed),
        ("file:///etc/passwd", LinkSchemeNotAllowed),
        ("//127.0.0.1/a.mp3", LinkAddressNotAllowed),
        ("https://user@example.org/a.mp3", LinkInvalid),
        ("/\\127.0.0.1/a.mp3", LinkInvalid),
    ],
)
def test_a_redirect_out_of_encryption_or_to_a_hostile_link_is_refused(location, refusal):
    link = parse_link("https://example.org/start", RULES)

    with pytest.raises(refusal):
        follow(link, location, RULES)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b.mp3", "https://example.org/b.mp3"),
        ("b.mp3?x=1", "https://example.org/songs/b.mp3?x=1"),
        ("//cdn.example/b.mp3", "https://cdn.example/b.mp3"),
        ("https://cdn.example/b c.mp3".replace(" ", "%20"), "https://cdn.example/b%20c.mp3"),
    ],
)
def test_an_honest_redirect_is_followed(location, url):
    link = parse_link("https://example.org/songs/a.mp3", RULES)

    assert follow(link, location, RULES).url == url
