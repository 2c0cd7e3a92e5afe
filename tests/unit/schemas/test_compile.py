"""Compiling closed sets: every trap of libxml2 that would drop half of a contract without a word."""

import pytest

from esb.kernel.xml import SchemaInvalid
from esb.schemas.compile import compile_judge


def test_one_namespace_over_several_inline_schemas(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "one.xsd": schema('<xs:element name="q" type="a:T"/>'),
                "two.xsd": schema(
                    '<xs:complexType name="T"><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence>'
                    "</xs:complexType>"
                ),
            }
        )
    )
    assert judge.judge(payload("<a:q><a:n>1</a:n></a:q>")) == ()
    assert judge.judge(payload("<a:q><a:n>x</a:n></a:q>"))


def test_one_namespace_imported_from_two_files(contract, schema, payload):
    """libxml2 alone takes the first file and skips the second without a word."""
    judge = compile_judge(
        contract(
            {
                "main.xsd": schema(
                    '<xs:import namespace="urn:b" schemaLocation="b1.xsd"/>'
                    '<xs:import namespace="urn:b" schemaLocation="b2.xsd"/>'
                    '<xs:element name="q"><xs:complexType><xs:sequence>'
                    '<xs:element ref="b:one" xmlns:b="urn:b"/><xs:element ref="b:two" xmlns:b="urn:b"/>'
                    "</xs:sequence></xs:complexType></xs:element>"
                ),
                "b1.xsd": schema('<xs:element name="one" type="xs:int"/>', "urn:b"),
                "b2.xsd": schema('<xs:element name="two" type="xs:int"/>', "urn:b"),
            },
            ("main.xsd",),
        )
    )
    assert judge.judge(payload("<a:q><b:one>1</b:one><b:two>2</b:two></a:q>")) == ()
    assert len(judge.judge(payload("<a:q><b:one>x</b:one><b:two>y</b:two></a:q>"))) == 2
    assert judge.declares("{urn:b}two")


def test_import_without_a_location_finds_the_other_inline_schema(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "one.xsd": schema('<xs:import namespace="urn:b"/><xs:element name="q" type="b:N" xmlns:b="urn:b"/>'),
                "two.xsd": schema('<xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>', "urn:b"),
            }
        )
    )
    assert judge.judge(payload("<a:q>1</a:q>")) == ()
    assert judge.judge(payload("<a:q>x</a:q>"))


@pytest.mark.parametrize("namespaces", [("urn:a",), ("urn:a", "urn:b")])
def test_chameleon_include_takes_on_each_namespace(contract, schema, payload, namespaces):
    """A document without a target namespace belongs to whoever includes it, also to two at once."""
    documents = {
        "common.xsd": schema(
            '<xs:element name="n" type="N"/><xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>', ""
        )
    }
    for number, namespace in enumerate(namespaces):
        documents[f"{number}.xsd"] = schema(
            '<xs:include schemaLocation="common.xsd"/>'
            '<xs:element name="q"><xs:complexType><xs:sequence><xs:element ref="a:n"/></xs:sequence>'
            "</xs:complexType></xs:element>",
            namespace,
        )
    judge = compile_judge(contract(documents, tuple(f"{number}.xsd" for number in range(len(namespaces)))))
    for prefix in ("a", "b")[: len(namespaces)]:
        assert judge.judge(payload(f"<{prefix}:q><{prefix}:n>1</{prefix}:n></{prefix}:q>")) == ()
        assert judge.judge(payload(f"<{prefix}:q><{prefix}:n>x</{prefix}:n></{prefix}:q>"))
        assert judge.judge(payload(f"<{prefix}:q><n>1</n></{prefix}:q>"))


def test_circular_includes_and_imports(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "a1.xsd": schema(
                    '<xs:include schemaLocation="a2.xsd"/><xs:import namespace="urn:b" schemaLocation="b.xsd"/>'
                    '<xs:element name="q" type="a:T"/>'
                ),
                "a2.xsd": schema(
                    '<xs:include schemaLocation="a1.xsd"/><xs:complexType name="T"><xs:sequence>'
                    '<xs:element name="inner" type="b:U" xmlns:b="urn:b"/></xs:sequence></xs:complexType>'
                ).replace("<xs:complexType", '<xs:import namespace="urn:b"/><xs:complexType', 1),
                "b.xsd": schema(
                    '<xs:import namespace="urn:a" schemaLocation="a1.xsd"/><xs:complexType name="U"><xs:sequence>'
                    '<xs:element ref="o:q" xmlns:o="urn:a" minOccurs="0"/></xs:sequence></xs:complexType>',
                    "urn:b",
                ),
            },
            ("a1.xsd",),
        )
    )
    assert judge.judge(payload("<a:q><a:inner><a:q><a:inner/></a:q></a:inner></a:q>")) == ()
    assert judge.judge(payload("<a:q><a:inner><a:q/></a:inner></a:q>"))


def test_include_of_itself(contract, schema, payload):
    judge = compile_judge(
        contract({"a.xsd": schema('<xs:include schemaLocation="a.xsd"/><xs:element name="q" type="xs:int"/>')})
    )
    assert judge.judge(payload("<a:q>1</a:q>")) == ()


def test_redefine_reaches_through_an_include(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "main.xsd": schema(
                    '<xs:redefine schemaLocation="base.xsd"><xs:complexType name="T"><xs:complexContent>'
                    '<xs:extension base="a:T">'
                    '<xs:sequence><xs:element name="more" type="xs:int"/></xs:sequence></xs:extension>'
                    "</xs:complexContent>"
                    '</xs:complexType></xs:redefine><xs:element name="q" type="a:T"/>'
                ),
                "base.xsd": schema('<xs:include schemaLocation="deep.xsd"/><xs:element name="p" type="a:T"/>'),
                "deep.xsd": schema(
                    '<xs:complexType name="T"><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence>'
                    "</xs:complexType>"
                ),
            },
            ("main.xsd",),
        )
    )
    for name in ("q", "p"):
        assert judge.judge(payload(f"<a:{name}><a:n>1</a:n><a:more>2</a:more></a:{name}>")) == ()
        assert judge.judge(payload(f"<a:{name}><a:n>1</a:n></a:{name}>"))


def test_no_namespace_schema_as_root_and_as_import(contract, schema, payload):
    plain = schema('<xs:element name="n" type="xs:int"/>', "", "")
    judge = compile_judge(
        contract(
            {
                "main.xsd": schema(
                    '<xs:import schemaLocation="plain.xsd"/><xs:element name="q"><xs:complexType><xs:sequence>'
                    '<xs:element ref="n"/></xs:sequence></xs:complexType></xs:element>'
                ),
                "plain.xsd": plain,
            },
            ("main.xsd",),
        )
    )
    assert judge.judge(payload("<a:q><n>1</n></a:q>")) == ()
    assert judge.judge(payload("<a:q><n>x</n></a:q>"))
    assert compile_judge(contract({"plain.xsd": plain})).judge(payload("<n>1</n>")) == ()


def test_same_document_under_two_names(contract, schema, payload):
    types = schema('<xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>')
    judge = compile_judge(
        contract({"q.xsd": schema('<xs:element name="q" type="a:N"/>'), "types.xsd": types, "types-2.xsd": types})
    )
    assert judge.judge(payload("<a:q>x</a:q>"))


def test_xml_lang_is_at_hand_without_a_document(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "a.xsd": schema(
                    '<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>'
                    '<xs:element name="q"><xs:complexType><xs:attribute ref="xml:lang" use="required"/>'
                    "</xs:complexType></xs:element>"
                )
            }
        )
    )
    assert judge.judge(payload('<a:q xml:lang="az"/>')) == ()
    assert judge.judge(payload('<a:q xml:lang=""/>')) == ()
    assert judge.judge(payload("<a:q/>"))
    assert judge.judge(payload('<a:q xml:lang="not a language"/>'))


def test_unused_soap_encoding_import_is_harmless(contract, schema, payload):
    """A leftover that many generators write into document/literal contracts."""
    judge = compile_judge(
        contract(
            {
                "a.xsd": schema(
                    '<xs:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/>'
                    '<xs:element name="q" type="xs:int"/>'
                )
            }
        )
    )
    assert judge.judge(payload("<a:q>1</a:q>")) == ()


def test_unicode_and_other_encodings(contract, schema, payload):
    text = schema(
        '<xs:element name="q"><xs:simpleType><xs:restriction base="xs:string">'
        '<xs:enumeration value="Şamaxı"/></xs:restriction></xs:simpleType></xs:element>'
    )
    for data in (text.encode("utf-16"), f'<?xml version="1.0" encoding="windows-1254"?>{text}'.encode("cp1254")):
        judge = compile_judge(contract({"a.xsd": data}))
        assert judge.judge(payload("<a:q>Şamaxı</a:q>")) == ()
        (violation,) = judge.judge(payload("<a:q>x</a:q>"))
        assert violation.expected == "the value Şamaxı"


def test_reference_without_an_import_is_refused_with_document_and_line(contract, schema):
    """Java's toolkits refuse it too (src-resolve.4.2), so the contract could not be published as it is."""
    with pytest.raises(SchemaInvalid, match=r"one\.xsd, line 2: .*not indicated by an import"):
        compile_judge(
            contract(
                {
                    "one.xsd": schema('<xs:element name="q" type="b:N" xmlns:b="urn:b"/>'),
                    "two.xsd": schema(
                        '<xs:simpleType name="N"><xs:restriction base="xs:int"/></xs:simpleType>', "urn:b"
                    ),
                }
            )
        )


def test_error_names_the_providers_document_and_line(contract, schema):
    """Comments, breaks inside a tag and removed references do not shift the line."""
    text = "<?xml version='1.0'?>\n<!-- a\n comment -->\n" + schema(
        '<!-- one\n more -->\n<xs:include\n  schemaLocation="ok.xsd"/>\n<xs:element\n name="q"\n   type="a:Missing"/>'
    )
    line = next(number for number, row in enumerate(text.split("\n"), start=1) if "Missing" in row)
    with pytest.raises(SchemaInvalid, match=rf"bad\.xsd, line {line}: .*Missing"):
        compile_judge(contract({"bad.xsd": text, "ok.xsd": schema("")}, ("bad.xsd",)))


def test_import_of_a_namespace_nobody_defines_fails_where_it_is_used(contract, schema):
    with pytest.raises(SchemaInvalid, match=r"a\.xsd, line 2"):
        compile_judge(
            contract(
                {"a.xsd": schema('<xs:import namespace="urn:b"/><xs:element name="q" type="b:N" xmlns:b="urn:b"/>')}
            )
        )
