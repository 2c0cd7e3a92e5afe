"""UTF-16 and UTF-8 with its mark: read as what they are; the answer is UTF-8."""

import pytest
from support.client import Consumer
from support.way import Asker, expect_person

from esb.kernel.soap import SoapVersion

TEXT = "<p:remark>Ə, ş and 😀</p:remark>"
BODY = f'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin>{TEXT}</p:GetPerson>'.encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", [True, False])
def test_utf_16(asker: Asker, eesmn: Consumer, version: SoapVersion, encoding: str, declared: bool) -> None:
    text = eesmn.sign(BODY, version=version).decode()
    if declared:
        text = '<?xml version="1.0" encoding="UTF-16"?>' + text
    message = text.encode(encoding) if encoding == "utf-16" else ("\ufeff" + text).encode(encoding)
    exchange = asker.send(message, version, media=f"{version.media_type}; charset=utf-16")
    expect_person(exchange)
    assert TEXT.encode() in exchange.delivered[0].body


def test_utf_16_that_only_its_mark_tells(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(BODY, version=version).decode().encode("utf-16")
    expect_person(asker.send(message, version, media=version.media_type))


def test_utf_8_with_its_mark_and_declaration(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n' + eesmn.sign(
        BODY, version=version
    )
    exchange = asker.send(message, version)
    expect_person(exchange)
    assert TEXT.encode() in exchange.delivered[0].body
