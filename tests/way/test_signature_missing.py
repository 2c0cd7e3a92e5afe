"""SignatureMissing: nothing is believed that nobody signed."""

from typing import Any

from lxml import etree
from support.client import NS, Consumer
from support.handmade import Choices, handmade, unsigned
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


def test_no_security_header(asker: Asker, version: SoapVersion) -> None:
    expect_refusal(asker.send(unsigned(version=version), version), rules.SIG_PRESENT)


def test_no_header_at_all(asker: Asker, version: SoapVersion) -> None:
    message = unsigned(version=version).replace(b"<S:Header></S:Header>", b"")
    expect_refusal(asker.send(message, version), rules.SIG_PRESENT)


def test_a_security_header_without_a_signature(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    def strip(root: Any) -> None:
        signature = root.find(".//ds:Signature", NS)
        signature.getparent().remove(signature)

    expect_refusal(asker.send(handmade(eesmn, version=version, change=strip), version), rules.SIG_PRESENT)


def test_a_security_header_for_somebody_else(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = handmade(eesmn, version=version, choices=Choices(actor="urn:somebody:else"))
    expect_refusal(asker.send(message, version), rules.SIG_PRESENT)


def test_two_signatures(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Which of the two speaks for the message must not be a choice."""

    def twice(root: Any) -> None:
        signature = root.find(".//ds:Signature", NS)
        signature.addnext(etree.fromstring(etree.tostring(signature)))

    expect_refusal(asker.send(handmade(eesmn, version=version, change=twice), version), rules.SIG_PRESENT)


def test_a_user_name_is_no_signature(asker: Asker, version: SoapVersion) -> None:
    token = (
        f'<wsse:Security xmlns:wsse="{NS["wsse"]}"><wsse:UsernameToken><wsse:Username>EESMN</wsse:Username>'
        "<wsse:Password>secret-word</wsse:Password></wsse:UsernameToken></wsse:Security>"
    ).encode()
    exchange = asker.send(unsigned(version=version, headers=(token,)), version)
    expect_refusal(exchange, rules.SIG_PRESENT, secrets=("5ABC123", "secret-word"))


def test_an_identity_in_http_is_no_signature(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    http = {
        "X-SSL-Client-Cert": eesmn.pem().decode().replace("\n", ""),
        "X-SSL-Client-Verify": "SUCCESS",
        "X-Forwarded-Client-Cert": "Subject=EESMN",
        "Authorization": "Basic RUVTTU46eA==",
    }
    expect_refusal(asker.send(unsigned(version=version), version, http=http), rules.SIG_PRESENT)
