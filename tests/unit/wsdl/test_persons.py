"""A FIN is found by its name, in whatever letters, and its type is held to the one pattern."""

from pathlib import Path

import pytest
from support.descriptions import GOOD, closed

from esb.kernel.fin import is_fin
from esb.wsdl.persons import means_fin, person_fields
from esb.wsdl.read import complete

_SIMPLE = """<xs:element name="fin"><xs:simpleType><xs:restriction base="xs:string">
          <xs:pattern value="[0-9A-HJ-NP-Z]{7}"/></xs:restriction></xs:simpleType></xs:element>"""


@pytest.mark.parametrize(
    "name", ["fin", "FIN", "Fin", "finKod", "FINKod", "fin_kod", "personFin", "FİN", "pin", "fincode"]
)
def test_names_that_mean_a_fin(name: str) -> None:
    assert means_fin(name)


@pytest.mark.parametrize("name", ["finish", "finance", "final", "pinned", "opinion", "define", "shipping", "Fine"])
def test_names_that_do_not(name: str) -> None:
    assert not means_fin(name)


@pytest.mark.parametrize(
    ("declared", "takes", "refuses"),
    [
        (_SIMPLE, "5ABC123", "5ABC12O"),
        ('<xs:element name="fin" type="xs:string"/>', "whatever", None),
        ('<xs:element name="fin" type="xs:int"/>', "5", "5ABC123"),
        (_SIMPLE.replace("[0-9A-HJ-NP-Z]{7}", "[0-9A-Z-[IO]]{7}"), "5ABC123", "5ABC12I"),
        ('<xs:element name="fin" type="t:Code"/>', "5ABC123", "5abc123"),
        ('<xs:element name="fin"><xs:complexType><xs:simpleContent><xs:extension base="t:Code"><xs:attribute name="a"/>'
         "</xs:extension></xs:simpleContent></xs:complexType></xs:element>", "5ABC123", "5ABC1234"),
    ],
)  # fmt: skip
def test_the_type_is_judged_by_what_it_takes(declared: str, takes: str, refuses: str | None, tmp_path: Path) -> None:
    code = (
        '<xs:simpleType name="Short"><xs:restriction base="xs:string"><xs:maxLength value="7"/></xs:restriction>'
        '</xs:simpleType><xs:simpleType name="Code"><xs:restriction base="t:Short">'
        '<xs:pattern value="[0-9A-HJ-NP-Z]*"/></xs:restriction></xs:simpleType>'
    )
    text = GOOD.replace(_SIMPLE, declared).replace("<!-- more types -->", code)
    (field,) = person_fields(complete(closed(tmp_path, text))).fins
    assert field.takes(takes)
    assert refuses is None or not field.takes(refuses)
    assert "line" in field.where


def test_by_what_requests_ask(tmp_path: Path) -> None:
    asked = person_fields(complete(closed(tmp_path / "good", GOOD)))
    assert (asked.asks_by_fin, asked.asked_otherwise) == (True, ())
    named = GOOD.replace(_SIMPLE, '<xs:element name="soyad" type="xs:string"/><xs:element ref="t:passportNumber"/>')
    named = named.replace("<!-- more types -->", '<xs:element name="passportNumber" type="xs:string"/>')
    asked = person_fields(complete(closed(tmp_path / "named", named)))
    assert (asked.asks_by_fin, asked.asked_otherwise) == (False, ("passportNumber", "soyad"))


def test_what_holds_elements_is_no_fin(tmp_path: Path) -> None:
    group = '<xs:element name="fin"><xs:complexType><xs:sequence/></xs:complexType></xs:element>'
    assert person_fields(complete(closed(tmp_path, GOOD.replace(_SIMPLE, group)))).fins == ()


def test_the_kernels_own_pattern_says_the_same() -> None:
    assert is_fin("5ABC123")
    assert not is_fin("5ABC12O")
