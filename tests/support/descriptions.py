"""A description that keeps the whole of WS-I Basic Profile, and one edit for each statement that breaks it."""

from pathlib import Path

from esb.kernel.contract import Contract
from esb.wsdl.read import read_closed

GOOD = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:example:tax" targetNamespace="urn:example:tax">
  <wsdl:import namespace="urn:example:faults" location="faults.wsdl"/>
  <wsdl:types>
    <xs:schema targetNamespace="urn:example:tax" elementFormDefault="qualified" xmlns:e="urn:example:other">
      <xs:element name="GetDebt"><xs:complexType><xs:sequence>
        <xs:element name="fin"><xs:simpleType><xs:restriction base="xs:string">
          <xs:pattern value="[0-9A-HJ-NP-Z]{7}"/></xs:restriction></xs:simpleType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="GetDebtResponse"><xs:complexType><xs:sequence>
        <xs:element name="debt" type="xs:decimal"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="CountDebts"><xs:complexType/></xs:element>
      <xs:element name="CountDebtsResponse"><xs:complexType><xs:sequence>
        <xs:element name="count" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Trouble" type="xs:string"/>
      <xs:element name="Token" type="xs:string"/>
      <!-- more types -->
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="GetDebtIn"><wsdl:part name="body" element="t:GetDebt"/></wsdl:message>
  <wsdl:message name="GetDebtOut"><wsdl:part name="body" element="t:GetDebtResponse"/></wsdl:message>
  <wsdl:message name="CountIn"><wsdl:part name="body" element="t:CountDebts"/></wsdl:message>
  <wsdl:message name="CountOut"><wsdl:part name="body" element="t:CountDebtsResponse"/></wsdl:message>
  <wsdl:message name="Trouble"><wsdl:part name="detail" element="t:Trouble"/></wsdl:message>
  <wsdl:message name="Head"><wsdl:part name="token" element="t:Token"/></wsdl:message>
  <!-- more messages -->
  <wsdl:portType name="Tax">
    <wsdl:operation name="GetDebt">
      <wsdl:input message="t:GetDebtIn"/><wsdl:output message="t:GetDebtOut"/>
      <wsdl:fault name="Trouble" message="t:Trouble"/>
    </wsdl:operation>
    <wsdl:operation name="CountDebts">
      <wsdl:input message="t:CountIn"/><wsdl:output message="t:CountOut"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="TaxSoap" type="t:Tax">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="GetDebt">
      <soap:operation soapAction="urn:example:tax:GetDebt"/>
      <wsdl:input><soap:body use="literal"/><soap:header message="t:Head" part="token" use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="Trouble"><soap:fault name="Trouble" use="literal"/></wsdl:fault>
    </wsdl:operation>
    <wsdl:operation name="CountDebts">
      <soap:operation soapAction="urn:example:tax:CountDebts"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="TaxService">
    <wsdl:port name="Tax" binding="t:TaxSoap"><soap:address location="http://127.0.0.1:1/tax"/></wsdl:port>
    <!-- more ports -->
  </wsdl:service>
</wsdl:definitions>
"""
FAULTS = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:example:faults"/>"""

_IMPORT = '<wsdl:import namespace="urn:example:faults" location="faults.wsdl"/>'
_COUNT_IN = '<wsdl:message name="CountIn"><wsdl:part name="body" element="t:CountDebts"/></wsdl:message>'
_COUNT_BODY = """soapAction="urn:example:tax:CountDebts"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>"""
_TWO_PARTS = _COUNT_IN.replace("</wsdl:message>", '<wsdl:part name="more" element="t:Token"/></wsdl:message>')
_TYPES = "<!-- more types -->"

BROKEN: dict[str, list[tuple[str, str]]] = {
    "R2001": [(_IMPORT, '<wsdl:import namespace="urn:example:other" location="other.xsd"/>')],
    "R2005": [(_IMPORT, _IMPORT.replace("urn:example:faults", "urn:example:others"))],
    "R2022": [(_IMPORT, ""), ("<!-- more messages -->", _IMPORT)],
    "R2023": [("<wsdl:types>", '<wsdl:message name="Early"/><wsdl:types>')],
    "R2026": [("<soap:binding style", '<t:policy wsdl:required="true"/><soap:binding style')],
    "R2102": [
        ("<!-- more messages -->", ""),
        (_TYPES, '<xs:element name="Odd" type="o:Code" xmlns:o="urn:example:other"/>'),
        ("</wsdl:types>", '<xs:schema targetNamespace="urn:example:other"><xs:simpleType name="Code">'
         '<xs:restriction base="xs:string"/></xs:simpleType></xs:schema></wsdl:types>'),
    ],
    "R2105": [("</wsdl:types>", '<xs:schema><xs:element name="Nowhere" type="xs:string"/></xs:schema></wsdl:types>')],
    "R2110": [(_TYPES, '<xs:complexType name="Codes"><xs:complexContent><xs:restriction base="c:Array" '
               'xmlns:c="http://schemas.xmlsoap.org/soap/encoding/"/></xs:complexContent></xs:complexType>')],
    "R2111": [(_TYPES, '<xs:complexType name="Codes"><xs:attribute name="a" type="xs:string" '
               'wsdl:arrayType="xs:string[]"/></xs:complexType>')],
    "R2112": [(_TYPES, '<xs:element name="ArrayOfCode" type="xs:string"/><!-- more types -->')],
    "R2201": [(_COUNT_IN, _TWO_PARTS),
              (_COUNT_BODY, _COUNT_BODY.replace("<soap:body", '<soap:body parts="body more"'))],
    "R2204": [(_COUNT_IN, _COUNT_IN.replace('element="t:CountDebts"', 'type="xs:string"'))],
    "R2205": [('<wsdl:part name="token" element="t:Token"/>', '<wsdl:part name="token" type="xs:string"/>')],
    "R2206": [(_COUNT_IN, _COUNT_IN.replace("t:CountDebts", "t:Nowhere"))],
    "R2209": [(_COUNT_IN, _TWO_PARTS), (_COUNT_BODY, _COUNT_BODY.replace("<soap:body", '<soap:body parts="body"'))],
    "R2210": [(_COUNT_IN, _TWO_PARTS)],
    "R2303": [('<wsdl:input message="t:CountIn"/><wsdl:output message="t:CountOut"/>',
               '<wsdl:output message="t:CountOut"/><wsdl:input message="t:CountIn"/>')],
    "R2304": [('<wsdl:operation name="CountDebts">\n      <wsdl:input m',
               '<wsdl:operation name="GetDebt">\n      <wsdl:input m')],
    "R2306": [(_COUNT_IN, _COUNT_IN.replace("element=", 'type="xs:string" element='))],
    "R2401": [('<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>', "")],
    "R2701": [(' transport="http://schemas.xmlsoap.org/soap/http"', "")],
    "R2702": [("http://schemas.xmlsoap.org/soap/http", "http://schemas.xmlsoap.org/soap/smtp")],
    "R2705": [('soapAction="urn:example:tax:CountDebts"', 'soapAction="urn:example:tax:CountDebts" style="rpc"')],
    "R2706": [(_COUNT_BODY, _COUNT_BODY.replace('use="literal"', 'use="encoded"'))],
    "R2710": [(_COUNT_IN, _COUNT_IN.replace("t:CountDebts", "t:GetDebt"))],
    "R2711": [("<!-- more ports -->", '<wsdl:port name="Again" binding="t:TaxSoap">'
               '<soap:address location="http://127.0.0.1:1/tax"/></wsdl:port>')],
    "R2716": [(_COUNT_BODY, _COUNT_BODY.replace("<soap:body", '<soap:body namespace="urn:example:tax"'))],
    "R2718": [('<wsdl:operation name="CountDebts">\n      <soap', '<wsdl:operation name="Counted">\n      <soap')],
    "R2720": [('message="t:Head" part="token"', 'message="t:Head" parts="token"')],
    "R2721": [('<soap:fault name="Trouble" use', "<soap:fault use")],
    "R2740": [('<wsdl:fault name="Trouble"><soap:fault name="Trouble" use="literal"/></wsdl:fault>', "")],
    "R2749": [('part="token"', 'part="token" parts="token"')],
    "R2754": [('<soap:fault name="Trouble"', '<soap:fault name="Other"')],
    "R2803": [(_IMPORT, _IMPORT.replace("urn:example:faults", "faults"))],
}  # fmt: skip


def edited(edits: list[tuple[str, str]]) -> str:
    """The good description with edits; each must have something to change."""
    text = GOOD
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def closed(folder: Path, text: str) -> Contract:
    """A description as a closed set, read from a folder as an agency would give it."""
    folder.mkdir(exist_ok=True)
    (folder / "tax.wsdl").write_text(text, encoding="utf-8")
    (folder / "faults.wsdl").write_text(FAULTS, encoding="utf-8")
    (folder / "other.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:other"/>', encoding="utf-8"
    )
    return read_closed(folder / "tax.wsdl")
