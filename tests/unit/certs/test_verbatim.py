"""An element's octets are taken as they came only where there is no doubt which they are."""

import pytest

from esb.certs.verbatim import may_be_verbatim, verbatim
from esb.kernel.xml import XmlLimits, parse_message

IT = "<a:It><a:x>1</a:x></a:It>"
DECLARED = b'<a:It xmlns:a="urn:a"><a:x>1</a:x></a:It>'


def taken(text, prefix="a"):
    data = text.encode()
    element = next(parse_message(data, XmlLimits()).iter("{urn:a}It"))
    return verbatim(data, element, prefix, "It", "urn:a")


def test_it_declares_its_namespace_wherever_that_was_declared():
    assert taken(f'<r xmlns:a="urn:a">{IT}</r>') == DECLARED
    assert taken(f"<r>{DECLARED.decode()}</r>") == DECLARED
    assert taken('<r><It xmlns="urn:a"><x>1</x></It></r>', "") == b'<It xmlns="urn:a"><x>1</x></It>'
    assert taken('<r xmlns="urn:a"><It>1</It></r>', "") == b'<It xmlns="urn:a">1</It>'


@pytest.mark.parametrize(
    "text",
    [
        f'<r xmlns:a="urn:a">{IT}{IT}</r>',
        f'<r xmlns:a="urn:a">{IT}<a:Item/></r>',
        '<r xmlns:b="urn:a"><b:It/></r>',
        '<r xmlns:a="urn:a"><a:It/></r>',
        '<r xmlns:a="urn:a"><a:It></a:It ></r>',
    ],
)
def test_in_doubt_nothing_is_taken(text):
    assert taken(text) is None


def test_a_comment_or_section_could_hold_what_looks_like_a_tag():
    assert may_be_verbatim(b"<a>wow!</a>")
    assert not may_be_verbatim(b"<a><!-- --></a>")
    assert not may_be_verbatim(b"<a><![CDATA[x]]></a>")
    assert not may_be_verbatim(b"")
