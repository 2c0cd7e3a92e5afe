"""The judge: valid is valid in every corner of XSD 1.0, verdicts are bounded, and nothing is fetched or changed."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from esb.schemas.compile import compile_judge
from esb.schemas.judge import Judge


@pytest.fixture
def judged(contract, schema, payload):
    """Judge one body by one schema."""

    def run(content: str, body: str):
        return compile_judge(contract({"a.xsd": schema(content)})).judge(payload(body))

    return run


_WILD = '<xs:element name="q"><xs:complexType><xs:sequence><xs:any processContents="{}"/></xs:sequence>{}'
_WILD_END = '</xs:complexType></xs:element><xs:element name="known" type="xs:int"/>'


@pytest.mark.parametrize(
    ("process", "content", "valid"),
    [
        ("lax", "<b:unknown/>", True),
        ("lax", "<a:known>1</a:known>", True),
        ("lax", "<a:known>x</a:known>", False),
        ("strict", "<b:unknown/>", False),
        ("strict", "<a:known>1</a:known>", True),
        ("skip", "<a:known>x</a:known>", True),
    ],
)
def test_wildcards(judged, process, content, valid):
    assert (judged(_WILD.format(process, "") + _WILD_END, f"<a:q>{content}</a:q>") == ()) is valid


_ANIMALS = """
<xs:complexType name="Animal" abstract="true"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence>
</xs:complexType>
<xs:complexType name="Cat"><xs:complexContent><xs:extension base="a:Animal"><xs:sequence>
<xs:element name="lives" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:element name="q" type="a:Animal"/>
<xs:element name="zoo"><xs:complexType><xs:sequence><xs:element ref="a:beast" maxOccurs="unbounded"/></xs:sequence>
</xs:complexType></xs:element>
<xs:element name="beast" type="a:Animal" abstract="true"/>
<xs:element name="cat" type="a:Cat" substitutionGroup="a:beast"/>
"""


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ('<a:q xsi:type="a:Cat"><a:name>n</a:name><a:lives>9</a:lives></a:q>', True),
        ("<a:q><a:name>n</a:name></a:q>", False),
        ('<a:q xsi:type="b:Cat"><a:name>n</a:name><a:lives>9</a:lives></a:q>', False),
        ("<a:zoo><a:cat><a:name>n</a:name><a:lives>9</a:lives></a:cat></a:zoo>", True),
        ("<a:zoo><a:beast><a:name>n</a:name></a:beast></a:zoo>", False),
        ("<a:zoo><a:q><a:name>n</a:name></a:q></a:zoo>", False),
        ("<a:beast><a:name>n</a:name></a:beast>", False),
    ],
)
def test_abstract_types_substitution_and_xsi_type(judged, body, valid):
    assert (judged(_ANIMALS, body) == ()) is valid


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ('<a:q xsi:nil="true"/>', True),
        ('<a:q xsi:nil="true">1</a:q>', False),
        ('<a:q xsi:nil="false">1</a:q>', True),
        ("<a:q/>", False),
    ],
)
def test_nil(judged, body, valid):
    assert (judged('<xs:element name="q" type="xs:int" nillable="true"/>', body) == ()) is valid


_KEYS = """
<xs:element name="q"><xs:complexType><xs:sequence>
<xs:element name="row" maxOccurs="unbounded"><xs:complexType><xs:attribute name="id"/><xs:attribute name="up"/>
</xs:complexType></xs:element></xs:sequence></xs:complexType>
<xs:key name="rows"><xs:selector xpath="a:row"/><xs:field xpath="@id"/></xs:key>
<xs:keyref name="parents" refer="a:rows"><xs:selector xpath="a:row"/><xs:field xpath="@up"/></xs:keyref>
</xs:element>
"""


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ('<a:row id="1"/><a:row id="2" up="1"/>', []),
        ('<a:row id="1"/><a:row id="1"/>', ["rows"]),
        ('<a:row/><a:row id="1"/>', ["rows"]),
        ('<a:row id="1" up="7"/>', ["parents"]),
    ],
)
def test_identity_constraints(judged, rows, names):
    violations = judged(_KEYS, f"<a:q>{rows}</a:q>")
    assert [violation.expected.split()[5] for violation in violations] == names


def test_recursion_union_and_list(judged):
    content = (
        '<xs:element name="q" type="a:Node"/><xs:complexType name="Node"><xs:sequence>'
        '<xs:element name="v" type="a:U"/><xs:element name="child" type="a:Node" minOccurs="0"/></xs:sequence>'
        '</xs:complexType><xs:simpleType name="U"><xs:union memberTypes="xs:int"><xs:simpleType>'
        '<xs:list itemType="xs:date"/></xs:simpleType></xs:union></xs:simpleType>'
    )
    good = "<a:q><a:v>1</a:v><a:child><a:v>2020-01-01 2020-02-01</a:v></a:child></a:q>"
    assert judged(content, good) == ()
    (violation,) = [v for v in judged(content, good.replace("02-01", "13-01")) if "child" in v.path]
    assert violation.path == "/q/child/v"


def test_undeclared_payload_is_a_violation_even_with_an_xsi_type(judged):
    for body in ("<b:q/>", '<b:q xsi:type="xs:int">1</b:q>', '<q xmlns="">1</q>'):
        (violation,) = judged('<xs:element name="q" type="xs:int"/>', body)
        assert violation.expected == "an element that the schema declares globally"
        assert (violation.line, violation.path) == (2, "/*")


def test_local_declaration_does_not_make_a_payload(judged):
    content = (
        '<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="inner"/></xs:sequence>'
        "</xs:complexType></xs:element>"
    )
    assert judged(content, "<a:inner/>")


def test_at_most_twenty_violations(judged):
    content = (
        '<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int" maxOccurs="unbounded"/>'
        "</xs:sequence></xs:complexType></xs:element>"
    )
    assert len(judged(content, f"<a:q>{'<a:n>x</a:n>' * 500}</a:q>")) == 20


_ROWS = """
<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="row" maxOccurs="unbounded"><xs:complexType>
<xs:sequence><xs:element name="n" type="xs:int"/><xs:any minOccurs="0" processContents="strict"/></xs:sequence>
<xs:attribute name="id" type="a:Key"/><xs:attribute name="up" type="xs:int"/></xs:complexType></xs:element>
</xs:sequence></xs:complexType>
<xs:key name="rows"><xs:selector xpath="a:row"/><xs:field xpath="a:n"/></xs:key>
<xs:keyref name="parents" refer="a:rows"><xs:selector xpath="a:row"/><xs:field xpath="@up"/></xs:keyref></xs:element>
<xs:simpleType name="Key"><xs:restriction base="xs:ID"/></xs:simpleType>
<xs:element name="plain"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element>
"""


def _rows(count: int) -> list[str]:
    return [f'<a:row id="r{number}"><a:n>{number}</a:n></a:row>' for number in range(count)]


def test_a_long_list_is_judged(judged):
    assert judged(_ROWS, f"<a:q>{''.join(_rows(30_000))}</a:q>") == ()


def test_a_long_list_of_errors_ends_at_twenty(judged):
    """libxml2 counts siblings for each error's path: in place a hundred thousand would take it minutes."""
    found = judged(_ROWS, "<a:plain>" + "\n<a:n>x</a:n>" * 100_000 + "</a:plain>")
    assert [(one.line, one.path) for one in found] == [(n + 2, f"/plain/n[{n}]") for n in range(1, 21)]


def test_an_error_far_down_is_found_on_its_line(judged):
    rows = _rows(5_000)
    rows[4_321] = '<a:row><a:n>4321</a:n><a:gone\n\n id="x"/></a:row>'
    found = judged(_ROWS, "<a:q>" + "\n".join(rows) + "</a:q>")
    assert [(one.line, one.path) for one in found] == [(4_325, "/q/row[4322]/*")]


@pytest.mark.parametrize(
    ("row", "places"),
    [
        ('<a:row id=" r7 "><a:n>-1</a:n></a:row>', [("/q/row[3001]/@id", "a value of type Key")]),
        ("<a:row><a:n>7</a:n></a:row>", [("/q/row[3001]", "keys as the identity constraint rows wants them")]),
        ('<a:row up="-5"><a:n>-1</a:n></a:row>', [("/q", "keys as the identity constraint parents wants them")]),
        ('<a:row up="7"><a:n>-1</a:n></a:row>', []),
    ],
)
def test_identifiers_and_keys_in_a_long_list(judged, row, places):
    """A repeated ID is what libxml2 does not see in a stream."""
    found = judged(_ROWS, f"<a:q>{''.join(_rows(3_000))}{row}</a:q>")
    assert [(one.path, one.expected) for one in found] == places


def test_too_many_repeated_ids_are_one_violation(judged):
    rows = [f'<a:row id="r"><a:n>{number}</a:n></a:row>' for number in range(25_000)]
    (violation,) = judged(_ROWS, f"<a:q>{''.join(rows)}</a:q>")
    assert violation.expected == "an ID that stands once in the message"


_NOTED = (
    _ROWS
    + """
<xs:element name="noted"><xs:complexType><xs:sequence><xs:element name="text" type="xs:string"/>
<xs:element name="n" type="xs:int" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
"""
)


@pytest.mark.parametrize("text", ["QUJD\n" * 400_000, "şəğ " * 20_000, "&lt;r&gt;" * 20_000, "&lt;" * 400_000])
def test_long_texts_beside_long_lists(judged, text):
    """Of a text in many parts libxml2's stream takes the square of their number: such a body is judged in place."""
    assert judged(_NOTED, f"<a:noted><a:text>{text}</a:text>{'<a:n>1</a:n>' * 3_000}</a:noted>") == ()


def test_very_long_broken_texts_beside_very_long_lists_are_refused_unjudged(judged):
    (violation,) = judged(_NOTED, f"<a:noted><a:text>{'&lt;' * 400_000}</a:text>{'<a:n>1</a:n>' * 40_000}</a:noted>")
    assert violation.expected.startswith("a smaller content")


def test_the_tree_is_left_as_it_was(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "a.xsd": schema(
                    '<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="n" default="7" minOccurs="0"/>'
                    '</xs:sequence><xs:attribute name="k" default="1"/><xs:attribute name="id" type="xs:ID"/>'
                    "</xs:complexType></xs:element>"
                )
            }
        )
    )
    element = payload('<a:q id="x"><a:n/></a:q>')
    root = element.getroottree()
    before = etree.tostring(root)
    for _ in range(3):
        assert judge.judge(element) == ()
    assert etree.tostring(root) == before
    assert element.getparent() is not None
    assert element[0].getparent() is element


def test_hints_in_a_message_are_never_followed(contract, schema, payload, tmp_path):
    """xsi:schemaLocation names a file that would make the body valid, and a listener that would hear a request."""
    file = tmp_path / "b.xsd"
    file.write_text(schema('<xs:element name="extra" type="xs:int"/>', "urn:b"))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/c.xsd"
    judge = compile_judge(contract({"a.xsd": schema(_WILD.format("strict", "") + _WILD_END)}))
    for body in (_with_hints(file, url), _with_hints(file, url, many=3_000)):
        assert judge.judge(payload(body))
    with listener, pytest.raises(BlockingIOError):
        listener.accept()


def _with_hints(file, url, many=1):
    return (
        f'<a:q xsi:schemaLocation="urn:b {file.as_uri()} urn:c {url}" xsi:noNamespaceSchemaLocation="{url}">'
        + f'<b:extra xsi:schemaLocation="urn:b {file}">1</b:extra>' * many
        + "</a:q>"
    )


def test_type_names_tell_where_a_prefix_chooses(contract, schema):
    simple = '<xs:simpleType name="{}"><xs:restriction base="xs:int"/></xs:simpleType>'
    judge = compile_judge(
        contract(
            {
                "a.xsd": schema(simple.format("T") + simple.format("date")),
                "b.xsd": schema(simple.format("T"), "urn:b"),
                "none.xsd": schema(simple.format("N"), ""),
            }
        )
    )
    xsd = "http://www.w3.org/2001/XMLSchema"
    assert judge.type_names("T") == {"urn:a", "urn:b"}
    assert judge.type_names("date") == {xsd, "urn:a"}
    assert judge.type_names("int") == {xsd}
    assert judge.type_names("N") == {""}
    assert judge.type_names("Missing") == frozenset()


def test_one_judge_serves_several_threads(contract, schema, payload):
    judge = compile_judge(contract({"a.xsd": schema('<xs:element name="q" type="xs:int"/>')}))
    start = threading.Barrier(4)

    def work(text: str):
        element = payload(f"<a:q>{text}</a:q>")
        start.wait()
        return {len(judge.judge(element)) for _ in range(500)}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, ["1", "x", "2", "y"])) == [{0}, {1}, {0}, {1}]


def test_a_content_of_middle_size_is_judged_in_place_as_long_as_such_are_valid(contract, schema, payload, monkeypatch):
    """An invalid one costs fifty times as much there as in a stream, and who sends one may send a hundred."""
    rows = (
        '<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int" maxOccurs="unbounded"/>'
    )
    judge = compile_judge(contract({"a.xsd": schema(rows + "</xs:sequence></xs:complexType></xs:element>")}))
    good, bad = (payload("<a:q>" + f"<a:n>{value}</a:n>" * 3_000 + "</a:q>") for value in ("1", "x"))
    ways = []
    for name in ("_in_place", "_streamed"):
        way = getattr(Judge, name)
        monkeypatch.setattr(Judge, name, lambda self, *args, way=way, name=name: ways.append(name) or way(self, *args))
    assert judge.judge(good) == ()
    assert len(judge.judge(bad)) == 20
    for _ in range(100):
        assert len(judge.judge(bad)) == 20
    assert judge.judge(good) == ()
    assert ways == ["_in_place", "_in_place", *["_streamed"] * 100, "_in_place"]


def test_a_short_one_is_not_counted(contract, schema, payload, monkeypatch):
    judge = compile_judge(contract({"a.xsd": schema('<xs:element name="q" type="xs:int"/>')}))
    monkeypatch.setattr("esb.schemas.judge._count_nodes", None)
    assert judge.judge(payload("<a:q>1</a:q>"), 10_000) == ()
    with pytest.raises(TypeError):
        judge.judge(payload("<a:q>1</a:q>"), 10_001)
