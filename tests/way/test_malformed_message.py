"""MalformedMessage: what is not one plain SOAP document is refused before anything in it is believed."""

from typing import Any

import pytest
from lxml import etree
from support.client import WSU_ID, Consumer
from support.handmade import handmade
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.faults import Rule
from esb.kernel.soap import SoapVersion

OPEN = '<S:Envelope xmlns:S="{soap}">'
BODY = "<S:Body><p:GetPerson xmlns:p='urn:example:person'><p:fin>5ABC123</p:fin></p:GetPerson></S:Body>"
CLOSE = "</S:Envelope>"
FORMS: dict[str, tuple[Rule, str]] = {
    "empty": (rules.XML_WELL_FORMED, ""),
    "not XML": (rules.XML_WELL_FORMED, "fin=5ABC123"),
    "JSON": (rules.XML_WELL_FORMED, '{"fin": "5ABC123"}'),
    "cut off": (rules.XML_WELL_FORMED, OPEN + BODY),
    "two documents": (rules.XML_WELL_FORMED, (OPEN + BODY + CLOSE) * 2),
    "text after the end": (rules.XML_WELL_FORMED, OPEN + BODY + CLOSE + "5ABC123"),
    "undeclared prefix": (rules.XML_WELL_FORMED, OPEN + "<S:Body><q:x>5ABC123</q:x></S:Body>" + CLOSE),
    "undeclared entity": (rules.XML_WELL_FORMED, OPEN + "<S:Body><x>&fin;</x></S:Body>" + CLOSE),
    "NUL": (rules.XML_WELL_FORMED, OPEN + "<S:Body><x>\0</x></S:Body>" + CLOSE),
    "DTD": (rules.XML_NO_DTD, '<!DOCTYPE x [<!ENTITY e "5ABC123">]>' + OPEN + BODY + CLOSE),
    "empty DTD": (rules.XML_NO_DTD, "<!DOCTYPE Envelope>" + OPEN + BODY + CLOSE),
    "external DTD": (rules.XML_NO_DTD, '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + OPEN + BODY + CLOSE),
    "instruction before": (rules.XML_NO_PI, "<?fin 5ABC123?>" + OPEN + BODY + CLOSE),
    "instruction inside": (rules.XML_NO_PI, OPEN + BODY.replace("5ABC123", "5ABC<?x y?>123") + CLOSE),
    "instruction after": (rules.XML_NO_PI, OPEN + BODY + CLOSE + "<?fin 5ABC123?>"),
    "not SOAP": (rules.SOAP_ENVELOPE, "<fin>5ABC123</fin>"),
    "no Body": (rules.SOAP_ENVELOPE, OPEN + "<S:Header/>" + CLOSE),
    "two Bodies": (rules.SOAP_ENVELOPE, OPEN + BODY + BODY + CLOSE),
    "two Headers": (rules.SOAP_ENVELOPE, OPEN + "<S:Header/><S:Header/>" + BODY + CLOSE),
    "Header after Body": (rules.SOAP_ENVELOPE, OPEN + BODY + "<S:Header/>" + CLOSE),
    "element after Body": (rules.SOAP_ENVELOPE, OPEN + BODY + "<x>5ABC123</x>" + CLOSE),
    "text beside Body": (rules.SOAP_ENVELOPE, OPEN + "5ABC123" + BODY + CLOSE),
    "two elements in the Body": (rules.SOAP_ONE_CHILD, OPEN + "<S:Body><x/><y>5ABC123</y></S:Body>" + CLOSE),
    "text in the Body": (rules.SOAP_ONE_CHILD, OPEN + "<S:Body>5ABC123</S:Body>" + CLOSE),
    "encoded": (
        rules.SOAP_ENCODING,
        OPEN + '<S:Body><x S:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">5ABC123</x></S:Body>' + CLOSE,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_malformed_message_is_refused(asker: Asker, version: SoapVersion, form: str) -> None:
    rule, text = FORMS[form]
    message = text.replace("{soap}", version.value).encode()
    expect_refusal(asker.send(message, version), rule)


def test_the_next_good_request_passes(asker: Asker, version: SoapVersion) -> None:
    expect_refusal(asker.send(b"<", version), rules.XML_WELL_FORMED)
    expect_person(asker.ask(version=version))


def test_a_validly_signed_message_with_a_dtd_is_refused(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Canonicalization drops a DTD, so the signature alone would not tell."""
    message = b"<!DOCTYPE x>" + eesmn.sign(version=version)
    expect_refusal(asker.send(message, version), rules.XML_NO_DTD)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_validly_signed_message_with_an_instruction_is_refused(
    asker: Asker, eesmn: Consumer, version: SoapVersion, where: str
) -> None:
    """Canonicalization of a part does not see what stands beside the Envelope."""
    message, instruction = eesmn.sign(version=version), b"<?xml-stylesheet href='urn:x'?>"
    message = instruction + message if where == "before" else message + instruction
    expect_refusal(asker.send(message, version), rules.XML_NO_PI)


@pytest.mark.parametrize("name", ["Id", "wsu:Id"])
def test_an_identifier_that_stands_twice_is_refused(
    asker: Asker, eesmn: Consumer, version: SoapVersion, name: str
) -> None:
    """Which of two parts a reference means must never be a matter of taste."""

    def twice(root: Any) -> None:
        block = etree.SubElement(root[0], "{urn:other}Note")
        block.set("Id" if name == "Id" else WSU_ID, root[1].get(WSU_ID))

    expect_refusal(asker.send(handmade(eesmn, version=version, change=twice), version), rules.UNIQUE_IDS)


def test_a_comment_cannot_split_what_was_signed(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Exclusive C14N drops comments: the signature holds, and the provider gets the text that was signed, whole."""
    message = eesmn.sign(version=version).replace(b"5ABC123", b"5ABC<!-- x -->123")
    exchange = asker.send(message, version)
    expect_person(exchange)
    assert b"<p:fin>5ABC123</p:fin>" in exchange.delivered[0].body
