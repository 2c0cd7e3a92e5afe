"""Attributes of type xs:ID are known however the type came to them."""

from esb.schemas.arrange import arrange
from esb.schemas.identifiers import identifiers


def test_attributes_of_type_id(contract, schema):
    text = schema(
        """
        <xs:attribute name="top" type="xs:ID"/>
        <xs:simpleType name="Far"><xs:restriction base="a:Near"/></xs:simpleType>
        <xs:simpleType name="Near"><xs:restriction base="xs:ID"/></xs:simpleType>
        <xs:simpleType name="Either"><xs:union memberTypes="xs:int a:Far"/></xs:simpleType>
        <xs:complexType name="T">
          <xs:attribute name="far" type="a:Far"/><xs:attribute name="either" type="a:Either"/>
          <xs:attribute name="inline"><xs:simpleType><xs:restriction base="a:Near"/></xs:simpleType></xs:attribute>
          <xs:attribute name="plain" type="xs:string"/><xs:attribute name="reference" type="xs:IDREF"/>
          <xs:attribute name="own" type="a:ID"/><xs:attribute ref="a:top"/><xs:attribute name="untyped"/>
        </xs:complexType>
        <xs:simpleType name="ID"><xs:restriction base="xs:int"/></xs:simpleType>
        """
    )
    assert identifiers(arrange(contract({"a.xsd": text})).parts) == {"top", "far", "either", "inline"}
