"""VersionMismatch: another SOAP, or an envelope of one version under the media type of the other."""

from support.client import Consumer
from support.handmade import unsigned
from support.way import MEDIA, Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

OTHER = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}


def test_the_media_type_of_the_other_version(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    exchange = asker.send(eesmn.sign(version=version), version, media=MEDIA[OTHER[version]])
    answered = SoapVersion.V11 if exchange.reply.headers["content-type"].startswith("text/xml") else SoapVersion.V12
    expect_refusal(exchange, rules.SOAP_VERSION, version=answered)


def test_a_soap_that_there_is_not(asker: Asker, version: SoapVersion) -> None:
    message = unsigned(version=version).replace(version.value.encode(), b"http://www.w3.org/2001/12/soap-envelope")
    expect_refusal(asker.send(message, version), rules.SOAP_VERSION)


def test_it_is_told_in_the_version_of_the_media_type(asker: Asker) -> None:
    """The envelope's own version is nothing that the bus could answer in."""
    message = unsigned().replace(SoapVersion.V11.value.encode(), b"http://www.w3.org/2001/12/soap-envelope")
    expect_refusal(asker.send(message, SoapVersion.V12), rules.SOAP_VERSION)
    expect_refusal(asker.send(message, SoapVersion.V11), rules.SOAP_VERSION)
