"""What a contract is about."""

from collections.abc import Callable

from esb.kernel.contract import Contract
from esb.wsdl.fingerprint import fingerprint


def schema(name: str, prefix: str = "t") -> str:
    return f"""<xs:schema targetNamespace="urn:t" xmlns:{prefix}="urn:t">
      <xs:element name="ask" type="{prefix}:{name}"/><xs:element name="answer" type="xs:string"/>
      <xs:element name="wrong" type="xs:string"/>
      <xs:complexType name="{name}"><xs:sequence>
        <xs:element name="fin" type="xs:string"/>
        <xs:element name="box"><xs:complexType><xs:sequence><xs:element name="born" type="xs:date"/></xs:sequence>
        </xs:complexType></xs:element>
      </xs:sequence><xs:attribute name="lang" type="xs:string"/></xs:complexType></xs:schema>"""


def test_what_holds_values_counts_and_the_names_of_types_do_not(
    wsdl: Callable[..., str], read: Callable[..., Contract]
) -> None:
    one, other = fingerprint(read(wsdl(types=schema("A")))), fingerprint(read(wsdl(types=schema("B", "q"))))
    assert one.elements == {"fin", "born", "lang"}
    assert one.operations == ("Do",)
    assert one.types == other.types
    assert len(one.types) == 1
