"""The MusicXML 4.0 schema, from the files beside the tests."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

_SCHEMAS = Path(__file__).with_name("schemas")


class _Local(etree.Resolver):
    def resolve(self, url, public_id, context):
        name = url.rsplit("/", 1)[-1]
        return self.resolve_filename(str(_SCHEMAS / name), context)


def musicxml_schema() -> etree.XMLSchema:
    """Load the schema; what it imports is read from the same folder, nothing from the network."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(str(_SCHEMAS / "musicxml_4_0.xsd"), parser))
