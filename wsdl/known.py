"""Schemas of the namespaces that documents import by custom without bringing them along.

Written for the bus from the specifications named; small, and enough for what contracts refer to.  They stand in only
where the provider's own set does not hold a document for the namespace; but the bus's own types stand in always.
"""

from collections.abc import Mapping
from typing import Final

from esb.kernel.namespaces import SOAP11, WSA, XML, XSD, XSI
from esb.wsdl.library import TYPES, types_document

SOAP_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
_XMIME: Final = "http://www.w3.org/2005/05/xmlmime"
_XOP: Final = "http://www.w3.org/2004/08/xop/include"
_XLINK: Final = "http://www.w3.org/1999/xlink"

# Part of every processor (XML Schema part 1, section 3.2.7): an import of them needs no document.
BUILT_IN: Final = frozenset({XSD, XSI})

_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" targetNamespace="{XML}" xml:lang="en">
  <xs:attribute name="lang">
    <xs:simpleType>
      <xs:union memberTypes="xs:language">
        <xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value=""/></xs:restriction></xs:simpleType>
      </xs:union>
    </xs:simpleType>
  </xs:attribute>
  <xs:attribute name="space">
    <xs:simpleType>
      <xs:restriction base="xs:NCName">
        <xs:enumeration value="default"/><xs:enumeration value="preserve"/>
      </xs:restriction>
    </xs:simpleType>
  </xs:attribute>
  <xs:attribute name="base" type="xs:anyURI"/>
  <xs:attribute name="id" type="xs:ID"/>
  <xs:attributeGroup name="specialAttrs">
    <xs:attribute ref="xml:base"/>
    <xs:attribute ref="xml:lang"/>
    <xs:attribute ref="xml:space"/>
    <xs:attribute ref="xml:id"/>
  </xs:attributeGroup>
</xs:schema>
"""

_ENCODING = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" xmlns:enc="{SOAP_ENCODING}" targetNamespace="{SOAP_ENCODING}">
  <xs:simpleType name="base64"><xs:restriction base="xs:base64Binary"/></xs:simpleType>
  <xs:simpleType name="arrayCoordinate"><xs:restriction base="xs:string"/></xs:simpleType>
  <xs:attribute name="arrayType" type="xs:string"/>
  <xs:attribute name="offset" type="enc:arrayCoordinate"/>
  <xs:attribute name="position" type="enc:arrayCoordinate"/>
  <xs:attributeGroup name="commonAttributes">
    <xs:attribute name="id" type="xs:ID"/>
    <xs:attribute name="href" type="xs:anyURI"/>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:attributeGroup>
  <xs:attributeGroup name="arrayAttributes">
    <xs:attribute ref="enc:arrayType"/>
    <xs:attribute ref="enc:offset"/>
  </xs:attributeGroup>
  <xs:group name="Array">
    <xs:sequence><xs:any namespace="##any" minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence>
  </xs:group>
  <xs:complexType name="Array">
    <xs:group ref="enc:Array" minOccurs="0"/>
    <xs:attributeGroup ref="enc:arrayAttributes"/>
    <xs:attributeGroup ref="enc:commonAttributes"/>
  </xs:complexType>
</xs:schema>
"""

_ENVELOPE = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" targetNamespace="{SOAP11}">
  <xs:attribute name="mustUnderstand">
    <xs:simpleType><xs:restriction base="xs:boolean"><xs:pattern value="0|1"/></xs:restriction></xs:simpleType>
  </xs:attribute>
  <xs:attribute name="actor" type="xs:anyURI"/>
  <xs:attribute name="encodingStyle">
    <xs:simpleType><xs:list itemType="xs:anyURI"/></xs:simpleType>
  </xs:attribute>
</xs:schema>
"""

_MIME = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" xmlns:xmime="{_XMIME}" targetNamespace="{_XMIME}">
  <xs:attribute name="contentType">
    <xs:simpleType><xs:restriction base="xs:string"><xs:minLength value="3"/></xs:restriction></xs:simpleType>
  </xs:attribute>
  <xs:attribute name="expectedContentTypes" type="xs:string"/>
  <xs:complexType name="base64Binary">
    <xs:simpleContent>
      <xs:extension base="xs:base64Binary"><xs:attribute ref="xmime:contentType"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="hexBinary">
    <xs:simpleContent>
      <xs:extension base="xs:hexBinary"><xs:attribute ref="xmime:contentType"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
</xs:schema>
"""

_INCLUDE = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" xmlns:xop="{_XOP}" targetNamespace="{_XOP}" elementFormDefault="qualified">
  <xs:element name="Include" type="xop:Include"/>
  <xs:complexType name="Include">
    <xs:sequence>
      <xs:any namespace="##other" minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
    </xs:sequence>
    <xs:attribute name="href" type="xs:anyURI" use="required"/>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:complexType>
</xs:schema>
"""

_ADDRESSING = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" xmlns:wsa="{WSA}" targetNamespace="{WSA}"
    elementFormDefault="qualified" blockDefault="#all">
  <xs:element name="EndpointReference" type="wsa:EndpointReferenceType"/>
  <xs:complexType name="EndpointReferenceType" mixed="false">
    <xs:sequence>
      <xs:element name="Address" type="wsa:AttributedURIType"/>
      <xs:element ref="wsa:ReferenceParameters" minOccurs="0"/>
      <xs:element ref="wsa:Metadata" minOccurs="0"/>
      <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:complexType>
  <xs:element name="ReferenceParameters" type="wsa:ReferenceParametersType"/>
  <xs:complexType name="ReferenceParametersType" mixed="false">
    <xs:sequence>
      <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:complexType>
  <xs:element name="Metadata" type="wsa:MetadataType"/>
  <xs:complexType name="MetadataType" mixed="false">
    <xs:sequence>
      <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:complexType>
  <xs:element name="MessageID" type="wsa:AttributedURIType"/>
  <xs:element name="RelatesTo" type="wsa:RelatesToType"/>
  <xs:complexType name="RelatesToType" mixed="false">
    <xs:simpleContent>
      <xs:extension base="xs:anyURI">
        <xs:attribute name="RelationshipType" type="wsa:RelationshipTypeOpenEnum" use="optional"
            default="http://www.w3.org/2005/08/addressing/reply"/>
        <xs:anyAttribute namespace="##other" processContents="lax"/>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:simpleType name="RelationshipTypeOpenEnum">
    <xs:union memberTypes="wsa:RelationshipType xs:anyURI"/>
  </xs:simpleType>
  <xs:simpleType name="RelationshipType">
    <xs:restriction base="xs:anyURI"><xs:enumeration value="http://www.w3.org/2005/08/addressing/reply"/></xs:restriction>
  </xs:simpleType>
  <xs:element name="ReplyTo" type="wsa:EndpointReferenceType"/>
  <xs:element name="From" type="wsa:EndpointReferenceType"/>
  <xs:element name="FaultTo" type="wsa:EndpointReferenceType"/>
  <xs:element name="To" type="wsa:AttributedURIType"/>
  <xs:element name="Action" type="wsa:AttributedURIType"/>
  <xs:complexType name="AttributedURIType" mixed="false">
    <xs:simpleContent>
      <xs:extension base="xs:anyURI"><xs:anyAttribute namespace="##other" processContents="lax"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:attribute name="IsReferenceParameter" type="xs:boolean"/>
</xs:schema>
"""

_XLINK_SCHEMA = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="{XSD}" xmlns:xlink="{_XLINK}" targetNamespace="{_XLINK}">
  <xs:attribute name="type">
    <xs:simpleType>
      <xs:restriction base="xs:token">
        <xs:enumeration value="simple"/><xs:enumeration value="extended"/><xs:enumeration value="title"/>
        <xs:enumeration value="resource"/><xs:enumeration value="locator"/><xs:enumeration value="arc"/>
      </xs:restriction>
    </xs:simpleType>
  </xs:attribute>
  <xs:attribute name="href" type="xs:anyURI"/>
  <xs:attribute name="role" type="xs:anyURI"/>
  <xs:attribute name="arcrole" type="xs:anyURI"/>
  <xs:attribute name="title" type="xs:string"/>
  <xs:attribute name="show" type="xs:token"/>
  <xs:attribute name="actuate" type="xs:token"/>
  <xs:attribute name="label" type="xs:NCName"/>
  <xs:attribute name="from" type="xs:NCName"/>
  <xs:attribute name="to" type="xs:NCName"/>
  <xs:attributeGroup name="simpleAttrs">
    <xs:attribute ref="xlink:type" fixed="simple"/>
    <xs:attribute ref="xlink:href"/>
    <xs:attribute ref="xlink:role"/>
    <xs:attribute ref="xlink:arcrole"/>
    <xs:attribute ref="xlink:title"/>
    <xs:attribute ref="xlink:show"/>
    <xs:attribute ref="xlink:actuate"/>
  </xs:attributeGroup>
  <!-- the name in the OGC's first version, by which ISO 19139 refers to it -->
  <xs:attributeGroup name="simpleLink">
    <xs:attributeGroup ref="xlink:simpleAttrs"/>
  </xs:attributeGroup>
</xs:schema>
"""

# Namespaces that are the bus's to define: whatever location an import of one gives, it means the document below.
OWN: Final = frozenset({TYPES})

# Namespace → (file name, document).
KNOWN: Final[Mapping[str, tuple[str, bytes]]] = {
    XML: ("xml.xsd", _XML.encode()),
    SOAP_ENCODING: ("soap-encoding.xsd", _ENCODING.encode()),
    SOAP11: ("soap-envelope.xsd", _ENVELOPE.encode()),
    _XMIME: ("xmlmime.xsd", _MIME.encode()),
    _XOP: ("xop-include.xsd", _INCLUDE.encode()),
    WSA: ("ws-addr.xsd", _ADDRESSING.encode()),
    _XLINK: ("xlink.xsd", _XLINK_SCHEMA.encode()),
    TYPES: ("shluz-types-1.xsd", types_document()),
}
