"""The contract of each service: a WSDL 1.1 with its schema inline, in a namespace of its own.

Every request and every answer begins with a ``reference``, which the asker chooses and the answer repeats: so an asker
sees that it got the answer to its own question.
"""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from esb.sample.kinds import TYPES, Field, Part
from esb.sample.mix import Service

_REFERENCE: Final = Field("reference", "Reference", "sorğunun nömrəsi", "the request's number")
_REFERENCE_TYPE: Final = (
    '<xs:simpleType name="Reference"><xs:restriction base="xs:string"><xs:pattern value="[A-Z0-9-]{1,40}"/>'
    "</xs:restriction></xs:simpleType>"
)


def namespace_of(service: Service) -> str:
    """The namespace of a service's elements."""
    return f"urn:az:{service.agency.lower()}:{service.id.service}:1"


def action_of(service: Service) -> str:
    """The SOAPAction of its one operation."""
    return f"{namespace_of(service)}/{service.kind.operation}"


def wsdl_of(service: Service, endpoint: str) -> bytes:
    """The service's contract.

    Args:
        endpoint: the provider's URL.
    """
    kind, namespace = service.kind, namespace_of(service)
    operation = kind.operation
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s="{namespace}" targetNamespace="{namespace}" '
        f'name="{operation}">\n'
        f'<documentation xml:lang="az">{escape(service.name_az)}</documentation>\n'
        f'<types><xs:schema targetNamespace="{namespace}" elementFormDefault="qualified">\n'
        f"<xs:annotation>{_documented(service.name_az, service.name_en)}</xs:annotation>\n"
        f"{''.join(_types(service))}"
        f"{_element(kind.asked, kind.request)}\n{_element(kind.answered, kind.answer)}\n"
        "</xs:schema></types>\n"
        f'<message name="{kind.asked}"><part name="parameters" element="s:{kind.asked}"/></message>\n'
        f'<message name="{kind.answered}"><part name="parameters" element="s:{kind.answered}"/></message>\n'
        f'<portType name="{operation}Port"><operation name="{operation}">'
        f'<input message="s:{kind.asked}"/><output message="s:{kind.answered}"/></operation></portType>\n'
        f'<binding name="{operation}Soap" type="s:{operation}Port">'
        '<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>'
        f'<operation name="{operation}"><soap:operation soapAction="{action_of(service)}"/>'
        '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>\n'
        f'<service name="{operation}Service"><port name="{operation}Port" binding="s:{operation}Soap">'
        f"<soap:address location={quoteattr(endpoint)}/></port></service>\n"
        "</definitions>\n"
    ).encode()


def _types(service: Service) -> Iterator[str]:
    yield _REFERENCE_TYPE + "\n"
    parts = (service.kind.request, service.kind.answer)
    used = dict.fromkeys(field.type for part in parts for field in (*part.fields, *part.rows))
    for name in used:
        kind = TYPES[name]
        if kind.base == "xs:string":
            facet = f'<xs:pattern value="{kind.pattern}"/>' if kind.pattern else '<xs:maxLength value="200"/>'
        else:
            facet = '<xs:fractionDigits value="2"/>' if kind.base == "xs:decimal" else ""
        yield (
            f'<xs:simpleType name="{name}"><xs:annotation>{_documented(kind.az, kind.en)}</xs:annotation>'
            f'<xs:restriction base="{kind.base}">{facet}</xs:restriction></xs:simpleType>\n'
        )


def _element(name: str, part: Part) -> str:
    singles = "".join(_field(field) for field in (_REFERENCE, *part.fields))
    row = "".join(_field(field) for field in part.rows)
    return (
        f'<xs:element name="{name}"><xs:complexType><xs:sequence>{singles}'
        f'<xs:element name="{part.row}" minOccurs="0" maxOccurs="unbounded">'
        f"<xs:complexType><xs:sequence>{row}</xs:sequence></xs:complexType></xs:element>"
        "</xs:sequence></xs:complexType></xs:element>"
    )


def _field(field: Field) -> str:
    return (
        f'<xs:element name="{field.name}" type="s:{field.type}">'
        f"<xs:annotation>{_documented(field.az, field.en)}</xs:annotation></xs:element>"
    )


def _documented(az: str, en: str) -> str:
    return (
        f'<xs:documentation xml:lang="az">{escape(az)}</xs:documentation>'
        f'<xs:documentation xml:lang="en">{escape(en)}</xs:documentation>'
    )
