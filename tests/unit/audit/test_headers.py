"""A message without what its Body holds: never any of it, and every other octet as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rig import Rig

from esb.audit.headers import without_body

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def _envelope(body: str, header: str = "", after: str = "") -> bytes:
    return f'<?xml version="1.0"?>\n<s:Envelope xmlns:s="{_SOAP}">{header}{body}\n</s:Envelope>{after}'.encode()


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("<s:Body><a>secret</a></s:Body>", "<s:Body></s:Body>"),
        (
            "<s:Body \n a='>' b=\"</s:Body>&lt;\" ><a>secret</a></s:Body >",
            "<s:Body \n a='>' b=\"</s:Body>&lt;\" ></s:Body >",
        ),
        ("<s:Body/>", "<s:Body/>"),
        ("<s:Body><s:Body>secret</s:Body></s:Body>", "<s:Body></s:Body>"),
        ("<s:Body><![CDATA[</s:Body>secret]]></s:Body>", "<s:Body></s:Body>"),
        ("<s:Body><!-- </s:Body> secret --></s:Body>", "<s:Body></s:Body>"),
    ],
)
@pytest.mark.parametrize(
    "header", ["", "<s:Header><Body>kept</Body><!-- <s:Body> --><![CDATA[ <s:Body> ]]></s:Header>"]
)
def test_the_body_is_cut_out_and_nothing_else(body: str, left: str, header: str) -> None:
    if "CDATA" in header:
        header = header.replace("<![CDATA[ <s:Body> ]]>", "<x><![CDATA[ <s:Body> ]]></x>")
    cut = without_body(_envelope(body.replace("&lt;", "&lt;"), header))
    assert cut in (_envelope(left, header), b"")
    if "</s:Body>&lt;" not in body:
        assert cut == _envelope(left, header)
    assert b"secret" not in cut
    assert without_body(cut) == cut


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"no xml <Body>",
        _envelope("<s:Body>secret</s:Body>").decode().encode("utf-16"),
        _envelope("<s:Body>secret</s:Body>", after="<!-- </s:Body> -->"),
        _envelope("<b:Body xmlns:b='urn:x'>secret</b:Body>"),
        _envelope("<s:Body>secret"),
        b"<s:Envelope xmlns:s='urn:x'><s:Body>secret</s:Body></s:Envelope>",
    ],
)
def test_what_cannot_be_cut_with_certainty_is_not_kept(message: bytes) -> None:
    assert without_body(message) == b""


def test_of_a_real_message_the_signature_stays() -> None:
    message = Rig().received().raw
    cut = without_body(message)
    assert b"SignatureValue" in cut
    assert b"GetPerson" not in cut.partition(b"Body")[2].partition(b"Body")[2]
    assert len(cut) < len(message)
    start = next(at for at, (one, other) in enumerate(zip(message, cut, strict=False)) if one != other)
    assert message.startswith(cut[:start])
    assert message.endswith(cut[start:])


@settings(max_examples=40)
@given(st.text(alphabet="<>/!-[]CDAT&;:sBody \"'=ab", max_size=60))
def test_whatever_a_body_holds_none_of_it_is_left(text: str) -> None:
    cut = without_body(_envelope(f"<s:Body>SECRET{text}SECRET</s:Body>"))
    assert b"SECRET" not in cut
