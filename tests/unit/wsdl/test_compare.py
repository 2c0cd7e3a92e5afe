"""Changes of a contract as a whole: operations, actions, messages, headers, faults; and what is no change."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.changes import Report, Side, Verdict
from esb.wsdl.compare import compare

Write = Callable[..., str]
Read = Callable[..., Contract]


@pytest.fixture
def against(wsdl: Write, read: Read) -> Callable[..., Report]:
    def comparing(old: str | None = None, **new: str) -> Report:
        before = read(old or wsdl())
        return compare(before, read(wsdl(**new)))

    return comparing


def said(report: Report) -> str:
    return "\n".join(change.text for change in report.changes)


def test_the_same_is_identical(against: Callable[..., Report]) -> None:
    assert against().verdict is Verdict.IDENTICAL


def test_documentation_and_spelling_make_no_difference(against: Callable[..., Report], parts: SimpleNamespace) -> None:
    types = parts.schema.replace(
        '<xs:element name="ask" type="xs:string"/>',
        '<!-- said --><xs:element type="xs:string" name="ask"><xs:annotation><xs:documentation>What is asked.'
        "</xs:documentation></xs:annotation></xs:element>",
    )
    assert against(types=types, head="<wsdl:documentation>New words.</wsdl:documentation>").verdict is Verdict.IDENTICAL


def test_schemas_spread_over_files_make_no_difference(wsdl: Write, read: Read, parts: SimpleNamespace) -> None:
    spread = '<xs:schema targetNamespace="urn:t"><xs:include schemaLocation="t.xsd"/></xs:schema>'
    declared = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t"'
    files = {"t.xsd": parts.schema.replace("<xs:schema ", f"<xs:schema {declared} ", 1)}
    before = read(wsdl())
    assert compare(before, read(wsdl(types=spread), files)).verdict is Verdict.IDENTICAL


def test_an_operation_added_is_compatible_and_one_removed_is_not(
    wsdl: Write, read: Read, parts: SimpleNamespace
) -> None:
    types = parts.schema.replace("</xs:schema>", '<xs:element name="more" type="xs:string"/></xs:schema>')
    messages = parts.messages + '<wsdl:message name="More"><wsdl:part name="body" element="t:more"/></wsdl:message>'
    another = parts.abstract.replace('"Do"', '"Also"').replace("t:Ask", "t:More")
    bound = parts.bound.replace('"Do"', '"Also"').replace("#Do", "#Also")
    small = read(wsdl())
    large = read(wsdl(types=types, messages=messages, abstract=parts.abstract + another, bound=parts.bound + bound))
    assert compare(small, large).verdict is Verdict.COMPATIBLE
    back = compare(large, small)
    assert [change.operation for change in back.breaking] == ["Also"]
    assert "removed" in back.breaking[0].what


def test_a_renamed_operation_breaks_because_grants_name_it(
    against: Callable[..., Report], parts: SimpleNamespace
) -> None:
    report = against(abstract=parts.abstract.replace('"Do"', '"Make"'), bound=parts.bound.replace('"Do"', '"Make"'))
    assert report.verdict is Verdict.BREAKING
    assert "called Make now" in said(report)


def test_another_soap_action_breaks(against: Callable[..., Report], parts: SimpleNamespace) -> None:
    report = against(bound=parts.bound.replace("urn:t#Do", "urn:t#DoIt"))
    assert report.verdict is Verdict.BREAKING
    assert "SOAPAction" in said(report)
    assert "ADR-01" in said(report)


def test_another_message_element_breaks(against: Callable[..., Report], parts: SimpleNamespace) -> None:
    report = against(messages=parts.messages.replace('"t:ask"', '"t:wrong"'))
    assert [change.side for change in report.breaking] == [Side.REQUEST]


def test_one_way_instead_of_answered_breaks(against: Callable[..., Report], parts: SimpleNamespace) -> None:
    report = against(
        abstract=parts.abstract.replace('<wsdl:output message="t:Answer"/>', ""),
        bound=parts.bound.replace('<wsdl:output><soap:body use="literal"/></wsdl:output>', ""),
    )
    assert "one-way" in said(report)
    assert report.verdict is Verdict.BREAKING


def test_faults_may_come_and_go(wsdl: Write, read: Read, parts: SimpleNamespace) -> None:
    abstract = parts.abstract.replace("</wsdl:operation>", '<wsdl:fault name="f" message="t:Wrong"/></wsdl:operation>')
    bound = parts.bound.replace(
        "</wsdl:operation>", '<wsdl:fault name="f"><soap:fault name="f" use="literal"/></wsdl:fault></wsdl:operation>'
    )
    without, with_fault = read(wsdl()), read(wsdl(abstract=abstract, bound=bound))
    assert compare(without, with_fault).verdict is Verdict.COMPATIBLE
    assert compare(with_fault, without).verdict is Verdict.COMPATIBLE


def test_a_header_added_to_requests_breaks(against: Callable[..., Report], parts: SimpleNamespace) -> None:
    head = '<soap:header message="t:Wrong" part="detail" use="literal"/>'
    bound = parts.bound.replace(
        '<wsdl:input><soap:body use="literal"/>', f'<wsdl:input><soap:body use="literal"/>{head}'
    )
    report = against(bound=bound)
    assert report.verdict is Verdict.BREAKING
    assert "cannot be told" in said(report)


def test_another_namespace_breaks(wsdl: Write, read: Read) -> None:
    moved = wsdl().replace("urn:t", "urn:u")
    report = compare(read(wsdl()), read(moved))
    assert report.verdict is Verdict.BREAKING
    assert "target namespace" in said(report)
    assert "the element ask is in the namespace 'urn:u' instead of 'urn:t'" in said(report)


def test_another_service_name_is_no_harm(wsdl: Write, read: Read) -> None:
    renamed = wsdl().replace('<wsdl:service name="S">', '<wsdl:service name="S2">')
    assert compare(read(wsdl()), read(renamed)).verdict is Verdict.COMPATIBLE


def test_the_second_side_of_a_shared_type_is_told_apart(against: Callable[..., Report], wsdl: Write) -> None:
    old = (
        '<xs:schema targetNamespace="urn:t"><xs:element name="ask" type="t:T"/>'
        '<xs:element name="answer" type="t:T"/><xs:element name="wrong" type="xs:string"/>'
        '<xs:simpleType name="T"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>'
    )
    report = against(wsdl(types=old), types=old.replace("xs:int", "xs:long"))
    assert {change.side: change.verdict for change in report.changes} == {
        Side.REQUEST: Verdict.COMPATIBLE,
        Side.ANSWER: Verdict.BREAKING,
    }
