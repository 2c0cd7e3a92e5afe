"""The check at registration: both opinions, by document and line, and no exception for a bad contract."""

import os
import re
from pathlib import Path

import pytest

from esb.schemas.check import Checked, check_contract
from esb.schemas.child import ChildLimits
from esb.schemas.compile import compile_judge
from esb.wsdl.read import read_contract

_PUBLIC = Path(__file__).parents[2] / "contracts" / "public"


def test_a_fit_contract_has_no_problems(contract, schema):
    documents = {
        "a.xsd": schema('<xs:import namespace="urn:b"/><xs:element name="q" type="b:N" xmlns:b="urn:b"/>'),
        "b.xsd": schema('<xs:include schemaLocation="c.xsd"/>', "urn:b"),
        "c.xsd": schema('<xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>', ""),
    }
    assert check_contract(contract(documents, ("a.xsd", "b.xsd"))) == Checked((), ())


def test_both_libraries_are_heard_with_document_and_line(contract, schema):
    problems = check_contract(contract({"types.xsd": schema('\n\n<xs:element name="q" type="a:Gone"/>')})).problems
    assert len(problems) == 2
    for problem, library in zip(problems, ("libxml2", "xmlschema"), strict=True):
        assert problem.startswith("types.xsd, line 4: ")
        assert problem.endswith(f"(found by {library})")


def test_what_libxml2_lets_pass_is_found(contract, schema):
    """One attribute's default contradicts its type: libxml2 compiles it all the same."""
    text = schema(
        '<xs:element name="q"><xs:complexType><xs:attribute name="k" type="xs:date" default="soon"/></xs:complexType>'
        "</xs:element>"
    )
    assert check_contract(contract({"a.xsd": text})).problems


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ChildLimits(wall=0.05), "was not done after 0.05 s"),
        (ChildLimits(memory=1024 * 1024), "crashed|failed|killed|memory"),
    ],
)
def test_a_child_that_does_not_finish_is_a_problem(contract, schema, limits, said):
    (problem,) = check_contract(contract({"a.xsd": schema('<xs:element name="q"/>')}), limits).problems
    assert re.search(said, problem)


def test_compiled_size_is_limited(contract, schema):
    types = "".join(
        f'<xs:complexType name="T{n}"><xs:sequence>'
        + "".join(f'<xs:element name="e{k}" type="xs:string" minOccurs="0"/>' for k in range(20))
        + "</xs:sequence></xs:complexType>"
        for n in range(300)
    )
    (problem,) = check_contract(contract({"a.xsd": schema(types)}), ChildLimits(compiled=64 * 1024)).problems
    assert "of memory, more than the" in problem


@pytest.mark.parametrize(
    ("archive", "options"),
    [
        ("cmis.zip", {"port_type": "ObjectServicePort"}),
        ("gml.zip", {}),
        ("onvif.zip", {"main": "media.wsdl"}),
    ],
)
def test_public_families_are_fit_and_declare_their_operations(archive, options):
    """Deep imports, abstract types, substitution groups and recursion, written by others."""
    contract = read_contract(_PUBLIC / archive, **options)
    judge = compile_judge(contract)
    assert contract.operations
    assert all(judge.declares(operation.input) for operation in contract.operations)
    assert check_contract(contract) == Checked((), ())


def test_nothing_of_the_bus_environment_reaches_the_child(contract, schema, monkeypatch, tmp_path):
    """Neither variables (they may hold passwords) nor a module that lies where the bus happens to stand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lxml.py").write_text("raise SystemExit('imported from the working directory')")
    monkeypatch.setenv("PYTHONSTARTUP", os.devnull)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert check_contract(contract({"a.xsd": schema('<xs:element name="q"/>')})) == Checked((), ())


_MAIL = r"\w+([-+.']\w+)*@\w+([-.]\w+)*\.\w+([-.]\w+)*"


def test_what_is_not_judged_by_is_noted(contract, schema):
    """The address pattern that .NET made popular: XSD's own \\w holds the "+" that it repeats beside it."""
    text = schema(
        '<xs:simpleType name="Mail"><xs:restriction base="xs:string">\n'
        f'<xs:pattern value="{_MAIL}"/></xs:restriction></xs:simpleType><xs:element name="q" type="a:Mail"/>'
    )
    given = contract({"types.xsd": text})
    checked = check_contract(given)
    assert checked.problems == ()
    (note,) = checked.notes
    assert note.startswith("types.xsd, line 3: the pattern has a loop")
    assert "values of the type Mail are not judged by it" in note
    assert given.documents["types.xsd"] == text.encode()


def test_notes_come_with_problems_too(contract, schema):
    text = schema(
        '<xs:simpleType name="T"><xs:restriction base="xs:string"><xs:pattern value="(a|aa)+"/></xs:restriction>'
        '</xs:simpleType><xs:element name="q" type="a:Gone"/>'
    )
    checked = check_contract(contract({"a.xsd": text}))
    assert (len(checked.problems), len(checked.notes)) == (2, 1)
