"""NotUnderstood: a mandatory header block for the bus that the bus does not know."""

import pytest
from support.client import Consumer
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

ROLES = {
    SoapVersion.V11: ["", ' S:actor="http://schemas.xmlsoap.org/soap/actor/next"', ' S:actor="urn:shluz:bus"'],
    SoapVersion.V12: [
        "",
        ' S:role="http://www.w3.org/2003/05/soap-envelope/role/next"',
        ' S:role="http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"',
    ],
}
OTHERS = {
    SoapVersion.V11: ' S:actor="urn:somebody:else"',
    SoapVersion.V12: ' S:role="http://www.w3.org/2003/05/soap-envelope/role/none"',
}


def block(version: SoapVersion, role: str, mandatory: str) -> bytes:
    return (
        f'<t:Transaction xmlns:t="urn:example:tx" xmlns:S="{version.value}"{role} S:mustUnderstand="{mandatory}">7'
        "</t:Transaction>"
    ).encode()


@pytest.mark.parametrize("number", range(3))
def test_a_mandatory_block_for_the_bus(asker: Asker, version: SoapVersion, number: int) -> None:
    header = block(version, ROLES[version][number], "1")
    exchange = asker.ask(version=version, headers=(header,))
    # Whether the signer is known by then is the bus's affair.
    expect_refusal(exchange, rules.SOAP_UNDERSTAND, consumer=exchange.records[-1].entry.consumer)


def test_soap_12_says_true_as_well(asker: Asker) -> None:
    exchange = asker.ask(version=SoapVersion.V12, headers=(block(SoapVersion.V12, "", "true"),))
    expect_refusal(exchange, rules.SOAP_UNDERSTAND, consumer=exchange.records[-1].entry.consumer)


def test_a_block_that_is_not_mandatory_or_not_for_the_bus(asker: Asker, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version, headers=(block(version, "", "0"),)))
    expect_person(asker.ask(version=version, headers=(block(version, OTHERS[version], "1"),)))


def test_a_mandatory_security_header_is_understood(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """WSS stacks mark it so by default."""
    from support.handmade import handmade

    def mark(root: object) -> None:
        root[0][0].set(f"{{{version.value}}}mustUnderstand", "1")  # type: ignore[index]

    expect_person(asker.send(handmade(eesmn, version=version, change=mark), version))
