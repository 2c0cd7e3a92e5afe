"""Schemas that were written to hurt: refused at registration or made harmless, and nothing is fetched."""

import resource
import socket
import time

import pytest

from esb.kernel.contract import Contract
from esb.kernel.xml import parse_document
from esb.schemas.check import check_contract
from esb.schemas.child import ChildLimits
from esb.schemas.compile import compile_judge

_XS = "http://www.w3.org/2001/XMLSchema"
_X = '<xs:element name="x" type="xs:int"/>'


def _contract(content: str | bytes, **others: str) -> Contract:
    text = content
    if isinstance(text, str):
        attributes = f'xmlns:xs="{_XS}" targetNamespace="urn:a" xmlns:a="urn:a" elementFormDefault="qualified"'
        text = f"<xs:schema {attributes}>{content}</xs:schema>".encode()
    documents = {"a.xsd": text, **{name.replace("_", "."): other.encode() for name, other in others.items()}}
    return Contract(documents, "s.wsdl", ("a.xsd",), "urn:a", "S", "P", (), {}, frozenset(), "")


def _doubling(kind: str, inner: str, depth: int, body: str) -> str:
    return f'<xs:{kind} name="g0">{inner}</xs:{kind}>' + "".join(
        f'<xs:{kind} name="g{n}">{body.format(f"a:g{n - 1}")}</xs:{kind}>' for n in range(1, depth)
    )


def _type(model: str) -> str:
    return f'<xs:element name="q"><xs:complexType>{model}</xs:complexType></xs:element>'


def _pattern(pattern: str) -> str:
    return (
        f'<xs:simpleType name="T"><xs:restriction base="xs:string"><xs:pattern value="{pattern}"/>'
        "</xs:restriction></xs:simpleType>"
    )


def _typed(simple: str) -> str:
    return f'{simple}<xs:element name="q" type="a:T"/>'


_BOMBS = {
    "groups that double": _doubling(
        "group",
        f"<xs:sequence>{_X}</xs:sequence>",
        30,
        '<xs:sequence><xs:group ref="{0}"/><xs:group ref="{0}"/></xs:sequence>',
    )
    + _type('<xs:group ref="a:g29"/>'),
    "optional groups that double": _doubling(
        "group",
        f"<xs:choice>{_X}</xs:choice>",
        40,
        '<xs:choice><xs:group ref="{0}" minOccurs="0"/><xs:group ref="{0}" minOccurs="0"/></xs:choice>',
    ),
    "attribute groups that double": _doubling(
        "attributeGroup",
        '<xs:attribute name="k"/>',
        30,
        '<xs:attributeGroup ref="{0}"/><xs:attributeGroup ref="{0}"/>',
    )
    + _type('<xs:attributeGroup ref="a:g29"/>'),
    "a group of itself": '<xs:group name="g"><xs:sequence><xs:group ref="a:g"/></xs:sequence></xs:group>',
    "a type of itself": '<xs:simpleType name="T"><xs:restriction base="a:T"/></xs:simpleType>',
    "a union of itself": '<xs:simpleType name="T"><xs:union memberTypes="a:T a:T"/></xs:simpleType>',
    "parentheses": _pattern("(" * 20_000),
    "deep nesting": "<xs:annotation><xs:appinfo>" + "<x>" * 5_000 + "</x>" * 5_000 + "</xs:appinfo></xs:annotation>",
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_bombs_are_refused(bomb):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    limits = ChildLimits(cpu=5, wall=20.0, memory=768 * 1024 * 1024)
    problems = check_contract(_contract(_BOMBS[bomb]), limits).problems
    assert problems
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < limits.cpu + 2


_COSTLY = {
    "nested plus": (_typed(_pattern("(x+x+)+y")), "<q>" + "x" * 60 + "</q>"),
    "overlapping alternatives": (_typed(_pattern("(a|aa)+")), "<q>" + "a" * 60 + "!</q>"),
    "counted in counted": (_typed(_pattern("((a{1,1000}){1,1000}){1,1000}")), "<q>" + "a" * 5_000 + "!</q>"),
    "an address": (
        _typed(_pattern(r"\w+([-+.']\w+)*@\w+([-.]\w+)*\.\w+([-.]\w+)*")),
        "<q>" + "a+" * 2_000 + "</q>",
    ),
    "counted groups in counted groups": (
        _type('<xs:sequence minOccurs="1000" maxOccurs="1000">' * 6 + _X + "</xs:sequence>" * 6),
        "<q>" + "<x>1</x>" * 90 + "<z/></q>",
    ),
    "counted choices": (
        _type('<xs:choice maxOccurs="99"><xs:element name="x" maxOccurs="99"/><xs:element name="y"/></xs:choice>'),
        "<q>" + "<x/>" * 90 + "<z/></q>",
    ),
}


@pytest.mark.parametrize("name", _COSTLY)
def test_costly_schemas_that_people_write_are_accepted_and_cost_nothing(name):
    """What takes libxml2 ten million attempts for a value or a parent is left out of the judge's copy, and noted."""
    content, body = _COSTLY[name]
    contract = _contract(content)
    checked = check_contract(contract)
    assert checked.problems == ()
    assert len(checked.notes) == 1
    judge = compile_judge(contract)
    payload = parse_document(f'<t xmlns="urn:a">{body * 200}</t>'.encode(), "body")
    before = time.thread_time()
    for element in payload:
        judge.judge(element)
    assert time.thread_time() - before < 10  # unmended: a hundred seconds and more


def test_memory_is_the_kernels_to_keep():
    """Should no static check know a bomb, the child's limit still holds: here it is set below what it needs."""
    types = "".join(
        f'<xs:complexType name="T{n}"><xs:sequence>'
        + "".join(f'<xs:element name="e{k}" minOccurs="0"/>' for k in range(150))
        + "</xs:sequence></xs:complexType>"
        for n in range(600)
    )
    problems = check_contract(_contract(types), ChildLimits(memory=140 * 1024 * 1024)).problems
    assert problems
    assert any("memory" in problem or "crashed" in problem or "killed" in problem for problem in problems)


def test_processor_time_is_the_kernels_to_keep():
    elements = "".join(f'<xs:element name="e{n}" minOccurs="0"/>' for n in range(3_000))
    problems = check_contract(_contract(_type(f"<xs:sequence>{elements}</xs:sequence>")), ChildLimits(cpu=1)).problems
    assert any("processor time" in problem for problem in problems)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?><x/>',
        b"\x00",
        b"",
    ],
)
def test_entities_and_strange_encodings(document):
    assert check_contract(_contract(document)).problems


def test_no_location_is_fetched(tmp_path):
    """Imports, includes and redefines of files and of a listener: neither library reads the one or calls the other."""
    secret = tmp_path / "secret.xsd"
    secret.write_text(f'<xs:schema xmlns:xs="{_XS}" targetNamespace="urn:b"><xs:element name="leak"/></xs:schema>')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.xsd"
        for location in (secret.as_uri(), str(secret), url, "../" * 12 + str(secret)):
            for kind in ("include", "redefine"):
                assert check_contract(_contract(f'<xs:{kind} schemaLocation="{location}"/>')).problems
            problems = check_contract(
                _contract(
                    f'<xs:import namespace="urn:b" schemaLocation="{location}"/>'
                    '<xs:element name="q"><xs:complexType><xs:sequence><xs:element ref="b:leak" xmlns:b="urn:b"/>'
                    "</xs:sequence></xs:complexType></xs:element>"
                )
            ).problems
            assert problems
        with pytest.raises(BlockingIOError):
            listener.accept()
