"""Default and explicit actions, by the examples of WS-Addressing Metadata 1.0."""

import pytest

from esb.kernel.xml import parse_document
from esb.wsdl.actions import default_action, explicit_action


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        ("http://example.com/stockquote", "http://example.com/stockquote/Port/GetRequest"),
        ("http://example.com/stockquote/", "http://example.com/stockquote/Port/GetRequest"),
        ("urn:example:quote", "urn:example:quote:Port:GetRequest"),
        ("URN:example:quote:", "URN:example:quote:Port:GetRequest"),
    ],
)
def test_the_default_pattern(namespace: str, expected: str) -> None:
    assert default_action(namespace, "Port", "GetRequest") == expected


def test_the_recommendation_goes_before_the_candidate() -> None:
    element = parse_document(
        b'<i xmlns:m="http://www.w3.org/2007/05/addressing/metadata" m:Action=" urn:m "'
        b' xmlns:w="http://www.w3.org/2006/05/addressing/wsdl" w:Action="urn:w"/>',
        "i",
    )
    assert explicit_action(element) == "urn:m"
    assert explicit_action(None) == ""
