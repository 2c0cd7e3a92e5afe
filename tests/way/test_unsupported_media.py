"""UnsupportedMedia: another media type, charset, content coding, or a MIME package."""

import gzip
import zlib

import pytest
from support.client import Consumer
from support.way import MEDIA, Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


@pytest.mark.parametrize(
    "media", ["application/xml", "text/plain", "application/json", "text/html", "", "xml", "text/xml2"]
)
def test_another_media_type(asker: Asker, eesmn: Consumer, media: str) -> None:
    exchange = asker.send(eesmn.sign(), media=media)
    expect_refusal(exchange, rules.HTTP_MEDIA)


@pytest.mark.parametrize(
    "media",
    [
        'multipart/related; type="text/xml"; start="<a>"; boundary=x',
        'multipart/related; type="application/xop+xml"; start-info="text/xml"; boundary=x',
    ],
)
def test_a_mime_package(asker: Asker, eesmn: Consumer, media: str) -> None:
    package = b"--x\r\nContent-Type: text/xml\r\nContent-ID: <a>\r\n\r\n" + eesmn.sign() + b"\r\n--x--\r\n"
    expect_refusal(asker.send(package, media=media), rules.ATTACHMENTS)


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-7", "windows-1254", "utf-32", "nonsense"])
def test_another_charset(asker: Asker, eesmn: Consumer, version: SoapVersion, charset: str) -> None:
    media = f"{version.media_type}; charset={charset}"
    expect_refusal(asker.send(eesmn.sign(version=version), version, media=media), rules.HTTP_CHARSET)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-7", "windows-1254"])
def test_another_encoding_in_the_declaration(
    asker: Asker, eesmn: Consumer, version: SoapVersion, encoding: str
) -> None:
    message = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + eesmn.sign(version=version)
    expect_refusal(asker.send(message, version, media=version.media_type), rules.HTTP_CHARSET)


def test_declarations_that_disagree(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = b'<?xml version="1.0" encoding="UTF-16"?>' + eesmn.sign(version=version)
    expect_refusal(asker.send(message, version), rules.HTTP_CHARSET)


def test_octets_that_are_not_of_the_charset(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """An overlong form and a lone continuation byte are no UTF-8, whatever a lenient reader makes of them."""
    for octets in (b"5ABC\xc0\xb123", b"5ABC\x80123"):
        message = eesmn.sign(version=version).replace(b"5ABC123", octets)
        exchange = asker.send(message, version)
        assert exchange.reply.rule in {"MSG-02", "MSG-05"}
        expect_refusal(exchange, {"MSG-02": rules.HTTP_CHARSET, "MSG-05": rules.XML_WELL_FORMED}[exchange.reply.rule])


@pytest.mark.parametrize("coding", ["deflate", "br", "compress", "gzip, gzip", "gzip, deflate", "zstd"])
def test_another_content_coding(asker: Asker, eesmn: Consumer, version: SoapVersion, coding: str) -> None:
    octets = eesmn.sign(version=version)
    octets = zlib.compress(octets) if coding == "deflate" else gzip.compress(octets, mtime=0)
    exchange = asker.send(octets, version, http={"Content-Encoding": coding})
    expect_refusal(exchange, rules.HTTP_ENCODING, read=False)


def test_the_media_type_is_read_leniently_where_the_standards_are(asker: Asker, eesmn: Consumer) -> None:
    """Case and white space do not matter (RFC 9110), quotes may stand around the charset, and there may be none."""
    for media in ('Text/XML;charset="UTF-8"', "text/xml", "TEXT/XML ; charset=utf-8"):
        expect_person(asker.send(eesmn.sign(), media=media))
    twelve = eesmn.sign(version=SoapVersion.V12)
    media = 'application/soap+xml; charset=utf-8; action="urn:example:GetPerson"'
    expect_person(asker.send(twelve, SoapVersion.V12, media=media))


def test_the_good_media_types_are_these(asker: Asker, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version, media=MEDIA[version]))
