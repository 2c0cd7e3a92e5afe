"""Paths held against a contract: what leads nowhere, to what is no FIN, or to two places at once is refused."""

from pathlib import Path

import pytest
from support.place import CONTRACTS

from esb.kernel.subjects import SubjectPath
from esb.wsdl.person_paths import PathUnfit, PersonPaths
from esb.wsdl.read import read_contract

P = "{urn:example:person}"


@pytest.fixture(scope="module")
def persons() -> PersonPaths:
    return PersonPaths(read_contract(CONTRACTS / "person.wsdl"))


def test_a_path_is_resolved_in_full(persons: PersonPaths) -> None:
    found = persons.resolve(f"{P}GetPersonResponse", "GetPersonResponse/person/fin")
    assert found == SubjectPath((f"{P}GetPersonResponse", f"{P}person", f"{P}fin"))
    assert persons.resolve(f"{P}GetPersonResponse", found.text) == found


@pytest.mark.parametrize(
    ("element", "path", "why"),
    [
        ("GetPersonResponse", "GetPerson/fin", "begins with GetPerson"),
        ("GetPersonResponse", "GetPersonResponse/fin", "it may hold: person"),
        ("GetPersonResponse", "GetPersonResponse/person", "holds elements"),
        ("GetPersonResponse", "GetPersonResponse/person/surname", "is no FIN"),
        ("GetPersonResponse", "GetPersonResponse/person/born", "refuses '5ABC123'"),
        ("GetPersonResponse", "GetPersonResponse/person/@fin", "no attribute fin"),
        ("GetPersonResponse", "GetPersonResponse/person/{urn:other}fin", "no element fin"),
        ("Nothing", "Nothing/fin", "empty Body"),
    ],
)
def test_what_leads_to_no_fin_is_refused(persons: PersonPaths, element: str, path: str, why: str) -> None:
    with pytest.raises(PathUnfit, match=why):
        persons.resolve(f"{P}{element}", path)


def test_a_derived_types_own_element_is_seen(persons: PersonPaths) -> None:
    with pytest.raises(PathUnfit, match="passport"):  # seen, and no FIN
        persons.resolve(f"{P}GetPersonResponse", "GetPersonResponse/person/passport")


def test_paths_are_proposed_by_name_and_type(persons: PersonPaths) -> None:
    operation = read_contract(CONTRACTS / "person.wsdl").operations[0]
    paths = persons.propose(operation)
    assert [path.text.replace(P, "") for path in paths.request] == ["GetPerson/fin", "GetPerson/like/fin"]
    assert [path.text.replace(P, "") for path in paths.answer] == ["GetPersonResponse/person/fin"]


SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:p="urn:example:person"
 xmlns:o="urn:other" targetNamespace="urn:example:person">
  <xs:import namespace="urn:other" schemaLocation="other.xsd"/>
  <xs:simpleType name="Fin"><xs:restriction base="xs:string"><xs:pattern value="[0-9A-HJ-NP-Z]{7}"/></xs:restriction>
  </xs:simpleType>
  <xs:attributeGroup name="Who"><xs:attribute name="who" type="p:Fin"/></xs:attributeGroup>
  <xs:group name="Inner"><xs:sequence><xs:element name="own" type="p:Tree" minOccurs="0"/></xs:sequence></xs:group>
  <xs:complexType name="Tree"><xs:choice><xs:element name="fin" type="p:Fin"/><xs:element ref="o:fin"/>
    <xs:element ref="p:any"/><xs:group ref="p:Inner"/></xs:choice><xs:attributeGroup ref="p:Who"/></xs:complexType>
  <xs:complexType name="Coded"><xs:simpleContent><xs:extension base="p:Fin"><xs:attribute name="pin" type="xs:string"/>
    </xs:extension></xs:simpleContent></xs:complexType>
  <xs:element name="any" type="xs:anyType" abstract="true"/>
  <xs:element name="coded" type="p:Coded" substitutionGroup="p:any"/>
  <xs:element name="GetPerson" type="p:Tree"/>
  <xs:element name="GetPersonResponse"><xs:complexType/></xs:element>
  <xs:element name="CountPersons" type="p:Tree"/><xs:element name="CountPersonsResponse" type="p:Tree"/>
  <xs:element name="NotePerson" type="p:Tree"/><xs:element name="PersonFault" type="p:Tree"/>
</xs:schema>"""
OTHER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:other">
  <xs:element name="fin" type="xs:string"/></xs:schema>"""


@pytest.fixture(scope="module")
def intricate(tmp_path_factory: pytest.TempPathFactory) -> PersonPaths:
    folder: Path = tmp_path_factory.mktemp("intricate")
    (folder / "person.wsdl").write_bytes((CONTRACTS / "person.wsdl").read_bytes())
    (folder / "person.xsd").write_text(SCHEMA)
    (folder / "other.xsd").write_text(OTHER)
    return PersonPaths(read_contract(folder / "person.wsdl"))


def test_groups_attributes_substitutes_and_recursion(intricate: PersonPaths) -> None:
    element = f"{P}GetPerson"
    assert intricate.resolve(element, "GetPerson/own/own/@who") == SubjectPath((element, "own", "own"), "who")
    assert intricate.resolve(element, "GetPerson/coded").steps[-1] == f"{P}coded"
    assert intricate.resolve(element, "GetPerson/coded/@pin").attribute == "pin"
    assert intricate.resolve(element, "GetPerson/{urn:other}fin").steps[-1] == "{urn:other}fin"
    assert intricate.resolve(element, "GetPerson/{}fin").steps[-1] == "fin"
    with pytest.raises(PathUnfit, match=r"name one: fin, \{urn:other\}fin"):
        intricate.resolve(element, "GetPerson/fin")
