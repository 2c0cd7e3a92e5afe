"""A part is itself alone, however alike another is."""

from esb.kernel.xml import parse_document
from esb.schemas.part import Part


def test_parts_are_told_apart_by_identity():
    """The same document taken for two namespaces is two parts, and a set of parts holds both."""
    root = parse_document(b"<x/>", "x")
    assert len({Part("x", "", root, "s1.xsd"), Part("x", "", root, "s1.xsd")}) == 2
