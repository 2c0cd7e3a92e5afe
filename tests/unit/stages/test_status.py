"""Which HTTP status each reply rides on: the table of the protocol's text, answers, and recorded envelopes."""

import re
from pathlib import Path

import pytest
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel.faults import Code
from esb.kernel.soap import SoapVersion
from esb.stages import compose
from esb.stages.status import class_of, fault_class, status_again, status_of, status_of_answer

_ROW = re.compile(r"\| `(\w+)` \| `([\w:]+)` \| `soap:(\w+) / [\w:]+` \| (\d+) / (\d+) \| (\w+) \|")
PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"
TABLE = {row[0]: row for row in _ROW.findall(PROTOCOL.read_text())}


def test_the_table_has_every_code() -> None:
    assert set(TABLE) == {code.value for code in Code}


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_codes_are_told_as_the_protocol_says(code: Code) -> None:
    _, faultcode, value, in11, in12, retry = TABLE[code.value]
    assert (status_of(code, SoapVersion.V11), status_of(code, SoapVersion.V12)) == (int(in11), int(in12))
    assert fault_class(code, SoapVersion.V12) == value
    if faultcode.startswith("soap:"):
        assert faultcode == f"soap:{fault_class(code, SoapVersion.V11)}"
    assert code.facts.retry.value == retry


def test_soap_12_gives_400_to_senders_alone() -> None:
    """SOAP 1.2 part 2, table 20."""
    for code in Code:
        if status_of(code, SoapVersion.V12) == 400:
            assert fault_class(code, SoapVersion.V12) == "Sender"
    for code in (Code.VERSION_MISMATCH, Code.NOT_UNDERSTOOD):
        assert status_of(code, SoapVersion.V12) == 500


def fault(version: SoapVersion, code: str, detail: str = "") -> etree._Element:
    if version is SoapVersion.V11:
        inside = f"<faultcode>{code}</faultcode><detail>{detail}</detail>"
    else:
        inside = f"<s:Code><s:Value>{code}</s:Value></s:Code><s:Detail>{detail}</s:Detail>"
    return etree.fromstring(f'<s:Fault xmlns:s="{version.value}">{inside}</s:Fault>')


@pytest.mark.parametrize(
    ("code", "named"),
    [("s:Sender", "Sender"), ("s:Receiver", "Receiver"), ("x:Other", "Receiver"), ("", "Receiver"),
     ("s:DataEncodingUnknown", "DataEncodingUnknown")],
)  # fmt: skip
def test_the_class_of_a_soap_12_fault(code: str, named: str) -> None:
    assert class_of(fault(SoapVersion.V12, code)) == named


@pytest.mark.parametrize(
    ("code", "named"),
    [("s:Client", "Sender"), ("s:Client.x.y", "Sender"), ("s:Server", "Receiver"), ("s:Odd", "Receiver"),
     ("s:MustUnderstand", "MustUnderstand")],
)  # fmt: skip
def test_the_class_of_a_soap_11_fault(code: str, named: str) -> None:
    assert class_of(fault(SoapVersion.V11, code)) == named


def test_answers() -> None:
    good = etree.fromstring('<p:GetPersonResponse xmlns:p="urn:p"><Fault/></p:GetPersonResponse>')
    for version in SoapVersion:
        assert status_of_answer(None, version) == 200
        assert status_of_answer(good, version) == 200
        assert status_of_answer(fault(version, "s:Server"), version) == 500
    assert status_of_answer(fault(SoapVersion.V12, "s:Sender"), SoapVersion.V12) == 400
    assert status_of_answer(fault(SoapVersion.V11, "s:Client"), SoapVersion.V12) == 400
    assert status_of_answer(fault(SoapVersion.V12, "s:Sender"), SoapVersion.V11) == 500
    assert status_of_answer(fault(SoapVersion.V12, "s:MustUnderstand"), SoapVersion.V12) == 500


def test_a_detail_that_speaks_of_a_sender_is_no_class() -> None:
    odd = fault(SoapVersion.V12, "s:Receiver", "<letter><s:Sender>EESMN</s:Sender></letter>")
    assert status_of_answer(odd, SoapVersion.V12) == 500


def again(payload: bytes, version: SoapVersion) -> tuple[int, int | None]:
    body, _ = compose.body_element(version, "b", payload)
    return status_again(compose.envelope(version, (), body), version)


def test_recorded_answers_leave_again_under_their_first_status(version: SoapVersion) -> None:
    assert again(b'<p:a xmlns:p="urn:p"></p:a>', version) == (200, None)
    assert again(b"", version) == (200, None)
    # A fault that is only quoted in an answer is none.
    quoted = f'<p:log xmlns:p="urn:p"><soap:Fault xmlns:soap="{version.value}"></soap:Fault></p:log>'
    assert again(quoted.encode(), version) == (200, None)
    # A provider that calls SOAP by another prefix.
    assert again(etree.tostring(fault(version, "s:Server")), version) == (500, None)
    sender = etree.tostring(fault(version, "s:Sender" if version is SoapVersion.V12 else "s:Client"))
    assert again(sender, version) == (400 if version is SoapVersion.V12 else 500, None)


def test_recorded_refusals_too(version: SoapVersion) -> None:
    detail = (
        f'<exch:Fault xmlns:exch="{ns.EXCHANGE}"><exch:code>Overloaded</exch:code>'
        "<exch:retryAfter>7</exch:retryAfter></exch:Fault>"
    )
    assert again(etree.tostring(fault(version, "s:Server", detail)), version) == (503, 7)
    odd = detail.replace("Overloaded", "Odd").replace(">7<", ">soon<")
    assert again(etree.tostring(fault(version, "s:Server", odd)), version) == (500, None)
