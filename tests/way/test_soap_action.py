"""SOAPAction: missing, empty, quoted or not is lawful; that of another operation is not."""

import pytest
from support.client import Consumer
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

GOOD = ['"urn:example:GetPerson"', "urn:example:GetPerson", '""', "", "''"]


@pytest.mark.parametrize("action", GOOD[:4])
def test_lawful_forms(asker: Asker, action: str) -> None:
    expect_person(asker.ask(http={"SOAPAction": action}))


def test_none(asker: Asker, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version))


@pytest.mark.parametrize("action", ["urn:example:CountPersons", '"urn:example:CountPersons"', '"urn:nothing"'])
def test_that_of_another_operation(asker: Asker, action: str) -> None:
    exchange = asker.ask(http={"SOAPAction": action})
    expect_refusal(exchange, rules.WSA_ACTION, consumer="EESMN")


@pytest.mark.parametrize(
    "action", ['; action="urn:example:GetPerson"', "; action=urn:example:GetPerson", '; action=""', ""]
)
def test_lawful_forms_in_soap_12(asker: Asker, eesmn: Consumer, action: str) -> None:
    media = f"application/soap+xml; charset=utf-8{action}"
    expect_person(asker.send(eesmn.sign(version=SoapVersion.V12), SoapVersion.V12, media=media))


def test_that_of_another_operation_in_soap_12(asker: Asker, eesmn: Consumer) -> None:
    media = 'application/soap+xml; charset=utf-8; action="urn:example:CountPersons"'
    exchange = asker.send(eesmn.sign(version=SoapVersion.V12), SoapVersion.V12, media=media)
    expect_refusal(exchange, rules.WSA_ACTION, consumer="EESMN")


def test_wsa_action_and_soap_action_must_both_be_right(asker: Asker) -> None:
    """They name the operation; the Body decides, and neither may say another thing."""
    block = b'<a:Action xmlns:a="http://www.w3.org/2005/08/addressing">%s</a:Action>'
    good, bad = block % b"urn:example:GetPerson", block % b"urn:example:CountPersons"
    expect_person(asker.ask(headers=(good,), http={"SOAPAction": '"urn:example:GetPerson"'}))
    for header, action in ((bad, '"urn:example:GetPerson"'), (good, '"urn:example:CountPersons"'), (bad, '""')):
        expect_refusal(asker.ask(headers=(header,), http={"SOAPAction": action}), rules.WSA_ACTION, consumer="EESMN")
