"""From the bytes of a MusicXML file to its tree, whatever they really are.

Nothing is fetched, no entity is expanded, and what an archive says of its sizes is not believed.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib

from lxml import etree

from notation.core.readers.errors import ImportTooLarge, ImportUnreadable
from notation.core.readers.limits import MAX_TAGS, MAX_UNPACKED_BYTES, check_bytes

_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'][^>]*\?>""")
_ANY_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_MOST_ENTRIES = 1_000
_CONTAINER = "META-INF/container.xml"
_LONGEST_CONTAINER = 100_000
_MUSIC_XML_MEDIA = (
    "application/vnd.recordare.musicxml+xml",
    "application/vnd.recordare.musicxml",
    "text/xml",
)


def unpack_mxl(data: bytes) -> bytes:
    """The score inside a compressed MusicXML file, read in memory; nothing is written anywhere.

    Raises:
        ImportUnreadable: a damaged archive, or none with a score in it.
        ImportTooLarge: it unpacks to more than ``limits`` allows.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > _MOST_ENTRIES:
                raise ImportTooLarge(reason=f"the archive holds {len(names)} files")
            return _read_entry(archive, _root_file(archive, names), MAX_UNPACKED_BYTES)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError,
        OSError,
    ) as error:  # fmt: skip
        raise ImportUnreadable(reason="the archive is damaged or holds no score") from error


def _root_file(archive: zipfile.ZipFile, names: list[str]) -> str:
    if _CONTAINER in names:
        container = parse_xml(_read_entry(archive, _CONTAINER, _LONGEST_CONTAINER))
        for entry in container.iter("rootfile"):
            if entry.get("media-type", _MUSIC_XML_MEDIA[0]) in _MUSIC_XML_MEDIA and entry.get("full-path"):
                return str(entry.get("full-path"))
    for name in names:
        if name.lower().endswith((".musicxml", ".xml")) and not name.startswith("META-INF/"):
            return name
    raise ImportUnreadable(reason="the archive holds no score")


def _read_entry(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    with archive.open(name) as entry:
        content = entry.read(largest + 1)
    check_bytes(len(content), largest)
    return content


def parse_xml(data: bytes) -> etree._Element:
    """Parse an XML file that may come from anybody.

    Raises:
        ImportUnreadable: not well-formed, in an unknown encoding, or with entities of its own.
        ImportTooLarge: more tags than any score has.
    """
    text = _as_utf8(data)
    # Entities of its own are how small files become large ones, or fetch others; no score needs them.
    if b"<!ENTITY" in text:
        raise ImportUnreadable(reason="it declares entities of its own")
    if text.count(b"<") > MAX_TAGS:
        raise ImportTooLarge(reason=f"it has more than {MAX_TAGS} tags")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise ImportUnreadable(reason=f"line {error.lineno} is not XML") from error
    if root.tag.startswith("{"):
        for element in root.iter("*"):
            element.tag = etree.QName(element).localname
    return root


def _as_utf8(data: bytes) -> bytes:
    """The same file in UTF-8 without a declaration of its encoding, so that one check sees every form."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif data[:4] in (b"<\0?\0", b"\0<\0?"):
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    else:
        declared = _DECLARATION.match(data[:500])
        encoding = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    if encoding.replace("_", "-") not in _ENCODINGS:
        raise ImportUnreadable(reason=f"its encoding, {encoding}, is not one that scores have")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportUnreadable(reason=f"it is not the {encoding} that it says it is") from error
    return _ANY_DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")


_ENCODINGS = frozenset(
    {
        "utf-8", "utf8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "us-ascii", "ascii", "iso-8859-1",
        "iso-8859-2", "iso-8859-15", "latin-1", "latin1", "windows-1252", "windows-1250", "windows-1251",
        "cp1252", "shift-jis", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "koi8-r", "macintosh",
    }
)  # fmt: skip
