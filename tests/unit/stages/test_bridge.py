"""A provider's fault of one SOAP version, said in the other, without losing what it said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.stages.bridge import bridge_fault

S12 = f"{{{ns.SOAP12}}}"
LANG = f"{{{ns.XML}}}lang"


def fault11(code: str = "s:Server", text: str = "words", detail: str = "", lang: str = "") -> etree._Element:
    return etree.fromstring(
        f'<s:Fault xmlns:s="{ns.SOAP11}"><faultcode>{code}</faultcode><faultstring{lang}>{text}</faultstring>'
        f"{detail}</s:Fault>"
    )


def fault12(code: str = "s:Receiver", text: str = "words", detail: str = "", lang: str = "az") -> etree._Element:
    return etree.fromstring(
        f'<s:Fault xmlns:s="{ns.SOAP12}"><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>s:Sender</s:Value>'
        f'</s:Subcode></s:Code><s:Reason><s:Text xml:lang="{lang}">{text}</s:Text><s:Text xml:lang="ru">other</s:Text>'
        f"</s:Reason>{detail}</s:Fault>"
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("s:Client", "Sender"),
        ("s:Client.Authentication", "Sender"),
        (" s:Server\n", "Receiver"),
        ("Client", "Sender"),
        ("s:VersionMismatch", "VersionMismatch"),
        ("s:MustUnderstand", "MustUnderstand"),
        ("app:NotFound", "Receiver"),
        ("", "Receiver"),
    ],
)
def test_classes_of_soap_11(code: str, said: str) -> None:
    fault = etree.fromstring(bridge_fault(fault11(code), SoapVersion.V12))
    value = fault.find(f"{S12}Code/{S12}Value")
    assert value is not None
    assert value.text == f"soap:{said}"
    assert value.nsmap["soap"] == ns.SOAP12


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("s:Sender", "Client"),
        ("s:Receiver", "Server"),
        ("s:DataEncodingUnknown", "Client"),
        ("s:VersionMismatch", "VersionMismatch"),
        ("s:MustUnderstand", "MustUnderstand"),
        ("s:Whatever", "Server"),
    ],
)
def test_classes_of_soap_12(code: str, said: str) -> None:
    fault = etree.fromstring(bridge_fault(fault12(code), SoapVersion.V11))
    assert fault.findtext("faultcode") == f"soap:{said}"


def test_the_words_and_their_language_go_over() -> None:
    text = etree.fromstring(bridge_fault(fault11(lang=' xml:lang="az"'), SoapVersion.V12)).find(f".//{S12}Text")
    assert text is not None
    assert (text.text, text.get(LANG)) == ("words", "az")
    string = etree.fromstring(bridge_fault(fault12(), SoapVersion.V11)).find("faultstring")
    assert string is not None
    assert (string.text, string.get(LANG)) == ("words", "az")


def test_soap_12_is_given_the_language_that_it_demands() -> None:
    text = etree.fromstring(bridge_fault(fault11(), SoapVersion.V12)).find(f".//{S12}Text")
    assert text is not None
    assert text.get(LANG) == "en"


def test_a_fault_that_says_nothing_is_still_a_fault() -> None:
    empty11 = etree.fromstring(f'<s:Fault xmlns:s="{ns.SOAP11}"/>')
    empty12 = etree.fromstring(f'<s:Fault xmlns:s="{ns.SOAP12}"/>')
    assert etree.fromstring(bridge_fault(empty11, SoapVersion.V12)).find(f"{S12}Detail") is None
    assert etree.fromstring(bridge_fault(empty12, SoapVersion.V11)).findtext("faultcode") == "soap:Server"


DETAILS = '<p:A xmlns:p="urn:p" xmlns:q="urn:q" code="q:x">one</p:A><B xmlns="urn:b"/><C/>'


def test_details_go_over_untouched_with_what_their_values_need() -> None:
    there = etree.fromstring(bridge_fault(fault11(detail=f"<detail>{DETAILS}</detail>"), SoapVersion.V12, ("q",))).find(
        f"{S12}Detail"
    )
    back = etree.fromstring(
        bridge_fault(fault12(detail=f"<s:Detail>{DETAILS}</s:Detail>"), SoapVersion.V11, ("q",))
    ).find("detail")
    for detail in (there, back):
        assert detail is not None
        assert [child.tag for child in detail] == ["{urn:p}A", "{urn:b}B", "C"]
        assert (detail[0].text, detail[0].get("code"), detail[0].nsmap["q"]) == ("one", "q:x", "urn:q")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40))
def test_any_words_survive_both_ways(words: str) -> None:
    fault = fault11()
    string = fault.find("faultstring")
    assert string is not None
    string.text = words + "\r]]>"
    over = etree.fromstring(bridge_fault(fault, SoapVersion.V12))
    assert over.findtext(f".//{S12}Text") == words + "\r]]>"
    assert etree.fromstring(bridge_fault(over, SoapVersion.V11)).findtext("faultstring") == words + "\r]]>"
