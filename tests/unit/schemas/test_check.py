"""The check at registration: both opinions, by document and line, and no exception for a bad contract."""

import os
import re
from pathlib import Path

import pytest

from esb.schemas.check import check_contract
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
    assert check_contract(contract(documents, ("a.xsd", "b.xsd"))) == ()


def test_both_libraries_are_heard_with_document_and_line(contract, schema):
    problems = check_contract(contract({"types.xsd": schema('\n\n<xs:element name="q" type="a:Gone"/>')}))
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
    assert check_contract(contract({"a.xsd": text}))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ChildLimits(wall=0.05), "was not done after 0.05 s"),
        (ChildLimits(memory=1024 * 1024), "crashed|failed|killed|memory"),
    ],
)
def test_a_child_that_does_not_finish_is_a_problem(contract, schema, limits, said):
    (problem,) = check_contract(contract({"a.xsd": schema('<xs:element name="q"/>')}), limits)
    assert re.search(said, problem)


def test_compiled_size_is_limited(contract, schema):
    types = "".join(
        f'<xs:complexType name="T{n}"><xs:sequence>'
        + "".join(f'<xs:element name="e{k}" type="xs:string" minOccurs="0"/>' for k in range(20))
        + "</xs:sequence></xs:complexType>"
        for n in range(300)
    )
    (problem,) = check_contract(contract({"a.xsd": schema(types)}), ChildLimits(compiled=64 * 1024))
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
    assert check_contract(contract) == ()


def test_nothing_of_the_bus_environment_reaches_the_child(contract, schema, monkeypatch, tmp_path):
    """Neither variables (they may hold passwords) nor a module that lies where the bus happens to stand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lxml.py").write_text("raise SystemExit('imported from the working directory')")
    monkeypatch.setenv("PYTHONSTARTUP", os.devnull)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert check_contract(contract({"a.xsd": schema('<xs:element name="q"/>')})) == ()
