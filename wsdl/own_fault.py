"""Declaring the bus's own fault in the WSDL that carries the policy.

Metro checks a signed fault by the policy of the WSDL's fault that it is, and takes none whose detail the WSDL does not
declare; other stacks make a typed exception of it.  The plain WSDL stays the provider's: there a fault more would be an
exception more in every method that is generated from it.
"""

from typing import Final

from lxml import etree

from esb.kernel.namespaces import EXCHANGE, WSA, WSAM
from esb.kernel.xml import Element
from esb.wsdl.definitions import wsdl

# The fault of schemas/xsd/exchange.xsd, open for what later versions add; a test holds the two together.
FAULT_SCHEMA: Final = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:exch="{EXCHANGE}" \
targetNamespace="{EXCHANGE}" elementFormDefault="qualified">
  <xs:element name="Fault" type="exch:Fault"/>
  <xs:complexType name="Fault">
    <xs:sequence>
      <xs:element name="code" type="xs:NCName"/>
      <xs:element name="rule" type="xs:token"/>
      <xs:element name="reason" type="xs:string" minOccurs="0"/>
      <xs:element name="exchange" type="xs:token"/>
      <xs:element name="stage" type="xs:NCName"/>
      <xs:element name="retryable" type="xs:token"/>
      <xs:element name="retryAfter" type="xs:nonNegativeInteger" minOccurs="0"/>
      <xs:element name="particular" type="exch:Particular" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="violation" type="exch:Violation" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Particular">
    <xs:simpleContent>
      <xs:extension base="xs:string">
        <xs:attribute name="name" type="xs:NCName" use="required"/>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="Violation">
    <xs:sequence>
      <xs:element name="line" type="xs:nonNegativeInteger"/>
      <xs:element name="column" type="xs:nonNegativeInteger"/>
      <xs:element name="path" type="xs:string"/>
      <xs:element name="expected" type="xs:string"/>
    </xs:sequence>
  </xs:complexType>
</xs:schema>"""
_NAME: Final = "ExchangeFault"
_ACTION: Final = f"{WSA}/soap/fault"


def declare_fault(definitions: Element, soap: str) -> None:
    """Give every operation that has an answer the fault ``exch:Fault``; one-way operations have none (WSDL 1.1, 2.4.1).

    Args:
        definitions: a WSDL that is complete but for its types, where :data:`FAULT_SCHEMA` goes.
        soap: the namespace of its SOAP binding.
    """
    messages = definitions.findall(wsdl("message"))
    port_type, binding = definitions.find(wsdl("portType")), definitions.find(wsdl("binding"))
    assert port_type is not None
    assert binding is not None
    answering = [each for each in port_type.findall(wsdl("operation")) if each.find(wsdl("output")) is not None]
    taken = {each.get("name") for each in (*messages, *port_type.iter(wsdl("fault")))}
    name = _NAME
    while name in taken:
        name += "_"
    message = etree.Element(wsdl("message"), nsmap={"exch": EXCHANGE})
    message.set("name", name)
    part = etree.SubElement(message, wsdl("part"))
    part.set("name", "fault")
    part.set("element", "exch:Fault")
    port_type.addprevious(message)
    prefix = "tns:" if definitions.get("targetNamespace") else ""
    bound = {operation.get("name"): operation for operation in binding.findall(wsdl("operation"))}
    for operation in answering:
        fault = etree.SubElement(operation, wsdl("fault"), nsmap={"wsam": WSAM})
        fault.set("name", name)
        fault.set("message", prefix + name)
        fault.set(f"{{{WSAM}}}Action", _ACTION)
        bound_fault = etree.SubElement(bound[operation.get("name")], wsdl("fault"))
        bound_fault.set("name", name)
        inner = etree.SubElement(bound_fault, f"{{{soap}}}fault")
        inner.set("name", name)
        inner.set("use", "literal")
