"""The only parser: encodings that agree, limits that are exact, nothing but elements, and canonical octets."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.xml import (
    DocumentInvalid,
    SchemaInvalid,
    XmlLimits,
    bindings,
    canonicalize,
    compile_schema,
    count_elements,
    parse_document,
    parse_message,
)

LIMITS = XmlLimits()
BOM8, BOM16LE, BOM16BE = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule


def nested(depth):
    return b"<a>" * depth + b"</a>" * depth


# What may stand in a message


def test_a_message_is_parsed():
    root = parse_message(BOM8 + b'<?xml version="1.0"?>\n<a b="1"> c <d/>\te</a>\n', LIMITS)
    assert etree.tostring(root) == b'<a b="1"> c <d/>\te</a>'


def test_comments_are_gone_and_do_not_split_text():
    root = parse_message(b"<!--x--><a>1<!--2-->3<b>4<!---->5</b>6<!--7-->8</a><!--y-->", LIMITS)
    assert (root.text, root[0].text, root[0].tail, len(root)) == ("13", "45", "68", 1)
    assert root.getprevious() is root.getnext() is None


def test_cdata_is_text():
    assert parse_message(b"<a>1<![CDATA[<?2 <!DOCTYPE a> -->]]>3</a>", LIMITS).text == "1<?2 <!DOCTYPE a> -->3"


@pytest.mark.parametrize(
    "data",
    [
        b"<?a b?><a/>",
        b'<?xml-stylesheet href="a"?><a/>',
        b" <?a?><a/>",
        BOM8 + b"<?a?><a/>",
        b'<?xml version="1.0"?><?a?><a/>',
        b'<?xml version="1.0"?><!--x--><?a?><a/>',
        b"<a><?a?></a>",
        b"<a>1<?a b?>2</a>",
        b"<a><b><![CDATA[<?]]><?x?></b></a>",
        b"<a/><?a?>",
        b"<a/>\n<!--x--><?a?>",
    ],
)
def test_an_instruction_is_refused_wherever_it_stands(data):
    assert rule_of(parse_message, data, LIMITS) is rules.XML_NO_PI


@pytest.mark.parametrize("data", [b"<a>&lt;?b?></a>", b"<a b='&lt;?'/>", b"<a><!--<?b?>--></a>"])
def test_what_only_looks_like_an_instruction_is_none(data):
    assert parse_message(data, LIMITS).tag == "a"


@pytest.mark.parametrize(
    "data", [b"<!DOCTYPE a><a/>", BOM8 + b"<?xml version='1.0'?>\r\n<!--x--><?y?><!DOCTYPE a><a/>"]
)
def test_a_doctype_is_refused(data):
    assert rule_of(parse_message, data, LIMITS) is rules.XML_NO_DTD


@pytest.mark.parametrize("data", [b"<a><![CDATA[<!DOCTYPE a>]]></a>", b"<!--<!DOCTYPE a>--><a/>"])
def test_what_only_looks_like_a_doctype_is_none(data):
    assert parse_message(data, LIMITS).tag == "a"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "ERR_DOCUMENT_EMPTY"),
        (BOM8, "ERR_DOCUMENT_EMPTY"),
        (b"<a>&nbsp;</a>", "ERR_UNDECLARED_ENTITY"),
        (b"<a><b></a>", "ERR_TAG_NAME_MISMATCH"),
        (b'<a b="" b=""/>', "ERR_ATTRIBUTE_REDEFINED"),
        (b"<p:a/>", "NS_ERR_UNDEFINED_NAMESPACE"),
        (b"<a>\x00</a>", "ERR_INVALID_CHAR"),
        (b"<a/><b/>", "ERR_DOCUMENT_END"),
    ],
)
def test_a_refusal_names_its_own_problem_and_not_an_earlier_ones(data, problem):
    with pytest.raises(Refusal) as caught:
        parse_message(data, LIMITS)
    assert caught.value.rule is rules.XML_WELL_FORMED
    assert caught.value.particulars["problem"] == problem


def test_a_refusal_tells_where_and_nothing_of_what_stands_there():
    with pytest.raises(Refusal) as caught:
        parse_message(b"<a>\n<FIN5ABCDE1>\n</b></a>", LIMITS)
    assert caught.value.particulars["line"] == "3"
    assert "5ABCDE1" not in repr((caught.value.reason, dict(caught.value.particulars)))


# Limits


def test_the_size_is_counted_in_bytes():
    limits = XmlLimits(max_bytes=8)
    assert parse_message(b"<a>1</a>", limits).text == "1"
    assert rule_of(parse_message, b"<a>12</a>", limits) is rules.SIZE


@pytest.mark.parametrize("padding", [0, 100_000])
@pytest.mark.parametrize("depth", [1, 7, 200])
def test_depth_is_exact_however_small_the_message(depth, padding):
    limits = XmlLimits(max_depth=depth)
    head, tail = b"<r><p>" + b"x" * padding + b"</p>", b"</r>"
    assert parse_message(nested(depth), limits).tag == "a"
    assert rule_of(parse_message, nested(depth + 1), limits) is rules.XML_COUNTS
    if depth > 1:
        assert parse_message(head + nested(depth - 1) + tail, limits).tag == "r"
        assert rule_of(parse_message, head + nested(depth) + tail, limits) is rules.XML_COUNTS


@pytest.mark.parametrize("limit", [200, 256, 1000])
def test_what_libxml2_finds_too_deep_is_over_a_limit_and_not_ill_formed(limit):
    assert rule_of(parse_message, nested(300), XmlLimits(max_depth=limit)) is rules.XML_COUNTS


@pytest.mark.parametrize("count", [1, 3, 256])
def test_attributes_are_counted_exactly_element_by_element(count):
    limits = XmlLimits(max_attributes=count)
    full = b"<b " + b" ".join(b'a%d=""' % number for number in range(count)) + b"/>"
    over = full.replace(b"/>", b' more=""/>')
    declared = full.replace(b"/>", b' xmlns="urn:x" xmlns:p="urn:y"/>')
    assert len(parse_message(b"<a>" + full * 300 + declared + b"</a>", limits)) == 301
    assert rule_of(parse_message, b"<a>" + full + over + b"</a>", limits) is rules.XML_COUNTS


@pytest.mark.parametrize("count", [1, 3, 128])
def test_declarations_are_counted_over_an_element_and_its_ancestors(count):
    limits = XmlLimits(max_namespaces=count)
    some = [b'xmlns:p%d="urn:%d"' % (number, number) for number in range(count)]
    full = b"<b " + b" ".join(some) + b"/>"
    assert len(parse_message(b"<a>" + full * 300 + b"</a>", limits)) == 300
    over = b"<a " + some[0] + b">" + full.replace(b"<b", b'<b xmlns:q="urn:q"') + b"</a>"
    assert rule_of(parse_message, over, limits) is rules.XML_COUNTS
    deep = b"<a " + some[0] + b">" + full + b"</a>"  # the same again is one more to search through
    assert rule_of(parse_message, deep, limits) is rules.XML_COUNTS


def test_the_default_namespace_may_be_undone_in_every_row():
    row = b'<row xmlns=""/>'
    assert len(parse_message(b'<a xmlns="urn:a">' + row * 5000 + b"</a>", LIMITS)) == 5000


@pytest.mark.parametrize("count", [1, 100])
def test_elements_are_counted_exactly(count):
    limits = XmlLimits(max_elements=count)
    assert len(parse_message(b"<a>" + b"<b></b>" * (count - 1) + b"</a>", limits)) == count - 1
    assert rule_of(parse_message, b"<a>" + b"<b/>" * count + b"</a>", limits) is rules.XML_COUNTS


def test_what_only_looks_like_an_element_is_not_counted():
    message = b"<?xml version='1.0'?><a><!--<b><b><b>--><![CDATA[<p><p><p></p>--><!--]]><b>]]&gt;</b></a>"
    assert parse_message(message, XmlLimits(max_elements=2)).tag == "a"
    assert rule_of(parse_message, message, XmlLimits(max_elements=1)) is rules.XML_COUNTS


@pytest.mark.parametrize(
    "disguised",
    [
        b"<a><!--><b/><b/><b/>--></a>",
        b"<a><?x <!-- ?><b/><b/><b/><!-- --></a>",
        b"<a><![CDATA[<!--]]><b/><b/><b/><!-- --></a>",
        b"<a><!-- <![CDATA[ --><b/><b/><b/><![CDATA[ ]]></a>",
        b"<a x='<!--'><b/><b/><b/></a><!-- -->",
    ],
)
def test_elements_cannot_hide_from_the_count(disguised):
    """Either the parser sees no element there either, or it is counted, or the message is refused as ill-formed."""
    limits = XmlLimits(max_elements=2)
    try:
        root = parse_message(disguised, limits)
    except Refusal:
        return
    assert sum(1 for _ in root.iter("*")) <= 2


# Threads


def test_threads_parse_side_by_side_and_keep_their_errors_apart():
    def work(number):
        good = parse_message(b"<a><b%d>%d</b%d></a>" % (number, number, number), LIMITS)
        with pytest.raises(Refusal) as caught:
            parse_message(b"\n" * number + b"<a>&x;</a>", LIMITS)
        return good[0].text, caught.value.particulars["line"]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(work, range(200)))
    assert found == [(str(number), str(number + 1)) for number in range(200)]


# Canonical form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"<a  c='1'\n b=\"2\"/>", b'<a b="2" c="1"></a>'),
        (b"<a>&#13;&#x26;<![CDATA[<>]]></a>", b"<a>&#xD;&amp;&lt;&gt;</a>"),
        (b'<a b="&#9;&#10;&quot;>"/>', b'<a b="&#x9;&#xA;&quot;>"></a>'),
        (
            b'<p:a xmlns:p="urn:p" xmlns:q="urn:q"><q:b/></p:a>',
            b'<p:a xmlns:p="urn:p"><q:b xmlns:q="urn:q"></q:b></p:a>',
        ),
        (b'<a xmlns="urn:a"><b xmlns=""/></a>', b'<a xmlns="urn:a"><b xmlns=""></b></a>'),
    ],
)
def test_the_canonical_form(text, expected):
    assert canonicalize(parse_message(text, LIMITS)) == expected


def test_a_part_is_canonicalized_without_its_tail_and_with_the_listed_prefixes():
    part = parse_message(b'<a xmlns:p="urn:p" xmlns:q="urn:q"><b c="p:x"/>tail</a>', LIMITS)[0]
    assert canonicalize(part) == b'<b c="p:x"></b>'
    assert canonicalize(part, ("p",)) == b'<b xmlns:p="urn:p" c="p:x"></b>'
    assert canonicalize(part, iter(("q", "p"))) == b'<b xmlns:p="urn:p" xmlns:q="urn:q" c="p:x"></b>'


@pytest.mark.parametrize("prefix", ["absent", "#default", "1", "a:b", "", " ", "\x00", "\ud800", "{urn:x}y"])
def test_a_listed_prefix_that_is_none_adds_nothing(prefix):
    parse_message(b'<a xmlns="#default"/>', LIMITS)  # lxml passes on what it has met anywhere
    part = parse_message(b'<a xmlns="urn:a" xmlns:q="urn:q"><q:b/></a>', LIMITS)[0]
    assert canonicalize(part, (prefix,)) == b'<q:b xmlns:q="urn:q"></q:b>'


def test_a_listed_prefix_is_heeded_in_another_thread_than_the_parsers():
    text = b'<a xmlns:only-there="urn:p"><b c="only-there:x"/></a>'
    found = []
    thread = threading.Thread(target=lambda: found.append(parse_message(text, LIMITS)))
    thread.start()
    thread.join()
    assert canonicalize(found[0][0], ("only-there",)) == b'<b xmlns:only-there="urn:p" c="only-there:x"></b>'


def test_a_listed_prefix_is_heeded_after_much_else_was_parsed():
    part = parse_message(b'<a xmlns:long-ago="urn:p"><b c="long-ago:x"/></a>', LIMITS)[0]
    for number in range(3):
        parse_message(b"<a>%d%s</a>" % (number, b"x" * 5_000_000), LIMITS)
    assert canonicalize(part, ("long-ago",)) == b'<b xmlns:long-ago="urn:p" c="long-ago:x"></b>'


@pytest.mark.parametrize("uri", ["relative", "../up", "#part"])
def test_a_relative_namespace_name_has_no_canonical_form(uri):
    """The empty octets that other tools make of it have a digest that anyone can sign."""
    root = parse_message(f'<a><b xmlns:r="{uri}"><r:c/></b></a>'.encode(), LIMITS)
    for part in (root, root[0], root[0][0]):
        assert rule_of(canonicalize, part) is rules.XML_WELL_FORMED


# Registry documents


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-9"])
def test_a_document_is_read_in_the_encoding_it_declares(codec):
    declared = codec.replace("-sig", "")
    data = f'<?xml version="1.0" encoding="{declared}"?><a>şlüz</a>'.encode(codec)
    assert parse_document(data, "types.xsd").text == "şlüz"


DOCTYPE = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize(
    "data",
    [
        DOCTYPE.format("UTF-8").encode(),
        DOCTYPE.format("UTF-16").encode("utf-16"),
        DOCTYPE.format("UTF-16").encode("utf-16-be"),
        DOCTYPE.format("UTF-32").encode("utf-32"),
        DOCTYPE.format("UCS-4").encode("utf-32-be"),
        b'<?xml version="1.0" encoding="UNICODE-1-1-UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
    ],
)
def test_a_document_with_a_doctype_is_refused_in_any_encoding(data):
    with pytest.raises(DocumentInvalid, match=r"^types\.xsd: "):
        parse_document(data, "types.xsd")


@pytest.mark.parametrize("name", ["UTF-7", "utf7", "UNICODE-1-1-UTF-7", "csUnicode11UTF7"])
def test_utf7_is_not_read_under_any_of_its_names(name):
    data = f'<?xml version="1.0"{" " * 300}encoding="{name}"?><a>+ADw-b/+AD4-</a>'.encode()
    with pytest.raises(DocumentInvalid, match=r"^types\.xsd: "):
        parse_document(data, "types.xsd")


def test_a_document_may_speak_of_doctypes():
    parse_document(b"<a><!-- no <!DOCTYPE here --><![CDATA[<!DOCTYPE a>]]></a>", "types.xsd")


@pytest.mark.parametrize("data", [b"", b"<a>", b"no", b"<a>&b;</a>", b"\x00"])
def test_an_ill_formed_document_is_named(data):
    with pytest.raises(DocumentInvalid, match=r"^types\.xsd: is not well-formed XML: "):
        parse_document(data, "types.xsd")


# Schemas

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
MAIN = f'<xs:schema {XS}><xs:include schemaLocation="part.xsd"/><xs:element name="a" type="T"/></xs:schema>'.encode()
PART = f'<xs:schema {XS}><xs:simpleType name="T"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>'.encode()


def test_a_schema_is_compiled_from_its_closed_set():
    schema = compile_schema(MAIN, "main.xsd", {"part.xsd": PART}.get)
    assert schema.validate(etree.fromstring("<a>1</a>"))
    assert not schema.validate(etree.fromstring("<a>x</a>"))


def test_a_document_outside_the_set_is_missing_though_it_exists(tmp_path):
    (tmp_path / "part.xsd").write_bytes(PART)
    main = MAIN.replace(b"part.xsd", f"file://{tmp_path}/part.xsd".encode())
    with pytest.raises(SchemaInvalid, match=r"not in the set: .*part\.xsd"):
        compile_schema(main, f"{tmp_path}/main.xsd", lambda name: None)


@pytest.mark.parametrize("main", [b"", b"<a/>", PART.replace(b"xs:int", b"xs:nothing")])
def test_what_is_no_schema_does_not_compile(main):
    with pytest.raises(SchemaInvalid, match="the schema does not compile"):
        compile_schema(main, "main.xsd", lambda name: None)


@pytest.mark.parametrize("opening", [b"<!--", b"<![CDATA[", b"<?a "])
def test_openings_without_a_close_are_read_once(opening):
    """A search to the end for each of them took minutes for half a megabyte."""
    data = b"<a>" + opening * 100_000
    assert rule_of(parse_message, data, XmlLimits(max_elements=1000)) is rules.XML_WELL_FORMED


def test_what_stands_in_a_comment_or_cdata_is_no_element():
    data = b"<a><!--" + b"<b/>" * 20 + b"--><![CDATA[" + b"<b/>" * 20 + b"]]></a>"
    assert count_elements(parse_message(data, XmlLimits(max_elements=1))) == 1


@pytest.mark.parametrize("used", [b"<x:u/>", b"<u x:a=''/>", b"<x:u x:a=''/>"])
def test_namespace_names_count_as_often_as_they_are_used(used):
    """Exclusive canonical form may declare them as often."""
    name = b"urn:" + b"n" * 996
    data = b"<a xmlns:x='" + name + b"'>" + used * 50 + b"</a>"
    exact = 50 * 1002 * used.count(b"x:")
    assert parse_message(data, XmlLimits(max_declared=exact)).tag == "a"
    assert rule_of(parse_message, data, XmlLimits(max_declared=exact - 1)) is rules.XML_COUNTS


def test_bindings_are_those_of_each_element():
    root = etree.fromstring(
        "<r xmlns='u:0' xmlns:a='u:a'><x xmlns:b='u:b'><y xmlns='' xmlns:a='u:z'/><z/></x><w xmlns:b='u:c'/></r>"
    )
    for start in (root, root[0], root[0][1]):
        seen = 0
        for element, bound in bindings(start):
            seen += 1
            assert {k: v for k, v in bound.items() if v} == {k or "": v for k, v in element.nsmap.items() if v}
        assert seen == count_elements(start)
