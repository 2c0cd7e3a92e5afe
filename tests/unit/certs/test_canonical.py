"""#default in a PrefixList: the default namespace is declared where it is in scope, used or not."""

import pytest
from lxml import etree

from esb.certs.canonical import exclusive
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

OUTER = '<s:E xmlns:s="urn:s" xmlns:x="urn:x" xmlns="urn:d">%s</s:E>'


def part(text, outer=OUTER):
    return parse_message((outer % text).encode(), XmlLimits())[0]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("<s:B/>", '<s:B xmlns="urn:d" xmlns:s="urn:s"></s:B>'),
        ("<s:B><c/></s:B>", '<s:B xmlns="urn:d" xmlns:s="urn:s"><c></c></s:B>'),
        ('<s:B xmlns=""><c/></s:B>', '<s:B xmlns:s="urn:s"><c></c></s:B>'),
        (
            '<s:B><s:c xmlns=""><d/></s:c><e/></s:B>',
            '<s:B xmlns="urn:d" xmlns:s="urn:s"><s:c xmlns=""><d></d></s:c><e></e></s:B>',
        ),
        ('<b a="&gt; xmlns=&quot;">&lt;x&gt;</b>', '<b xmlns="urn:d" a="> xmlns=&quot;">&lt;x&gt;</b>'),
        ('<s:B xmlns="urn:a&amp;b"/>', '<s:B xmlns="urn:a&amp;b" xmlns:s="urn:s"></s:B>'),
    ],
)
def test_default(text, form):
    assert exclusive(part(text), ["#default"]).decode() == form


def test_a_relative_namespace_name_has_no_form():
    with pytest.raises(Refusal):
        exclusive(part('<s:B xmlns="relative"/>'), ["#default"])


def test_without_default_it_is_the_ordinary_form():
    for prefixes in ([], ["x"], ["x", "nowhere"]):
        element = part("<s:B><c x:a='1'/></s:B>")
        assert exclusive(element, prefixes) == canonicalize(element, prefixes)


def test_lxml_still_drops_it():
    # When this fails, lxml hands #default on, and the module can go.
    element = part("<s:B/>")
    octets = etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=["#default"])
    assert octets == b'<s:B xmlns:s="urn:s"></s:B>'


def test_with_other_prefixes():
    assert exclusive(part("<s:B/>"), ["#default", "x"]) == b'<s:B xmlns="urn:d" xmlns:s="urn:s" xmlns:x="urn:x"></s:B>'


def test_no_default_in_scope_changes_nothing():
    element = part("<s:B><s:c/></s:B>", '<s:E xmlns:s="urn:s">%s</s:E>')
    assert exclusive(element, ["#default"]) == canonicalize(element)
