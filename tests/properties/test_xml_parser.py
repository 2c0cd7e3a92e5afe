"""The parser meets any octets with an element or a Refusal, and canonical octets are a fixed point."""

from hypothesis import example, given
from hypothesis import strategies as st

from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

LIMITS = XmlLimits(max_bytes=100_000, max_elements=200, max_attributes=8, max_namespaces=8, max_depth=20)

# Octets that have a meaning to parsers, to be strewn among any others.
TOKENS = st.sampled_from(
    [
        b"<", b">", b"/>", b"</", b"</a>", b"<a>", b"<a ", b"<p:a", b"<?", b"?>", b"<?xml", b'<?xml version="1.0"?>',
        b"<!--", b"-->", b"--", b"<![CDATA[", b"]]>", b"<!DOCTYPE", b"<!DOCTYPE a [", b"<!ENTITY b 'c'>", b"]>", b"&b;",
        b"&#0;", b"&#xD800;", b"&amp;", b"&", b";", b'"', b"'", b"=", b' xmlns="', b" xmlns:p='urn:p'", b"xml:id='a'",
        b"\x00", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc0\xbc", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"+ADw-",
        b" encoding='utf-16'", b" encoding='x'", b"\r\n", b"\t", b" ", b"a", b"\xc9\x99",
    ]
)  # fmt: skip
OCTETS = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(TOKENS, st.binary(max_size=4)), max_size=60).map(b"".join),
    st.lists(TOKENS, max_size=60).map(lambda tokens: b"<a>" + b"".join(tokens) + b"</a>"),
)
CHARSETS = st.one_of(st.none(), st.sampled_from(["utf-8", "UTF-16", "utf-16le", "utf-16be", "ascii"]), st.text())

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda character: character >= " " or character in "\t\n\r"
    ),
    max_size=20,
)
NAMES = st.sampled_from(["a", "b", "p:a", "q:a", "ş"])
ATTRIBUTES = st.sampled_from(["c", "d", "p:c", "q:d", "xml:lang"])
SCOPES = st.sampled_from(
    ["", ' xmlns="urn:d"', ' xmlns=""', ' xmlns:p="urn:p2"', ' xmlns:q="urn:p"', ' xmlns:r="urn:r"']
)


def escaped(text):
    for character, reference in {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "\r": "&#13;"}.items():
        text = text.replace(character, reference)
    return text


def element(name, scope, attributes, content):
    written = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    # q:d and p:d would be one attribute where both prefixes name one namespace, so their local names differ.
    return f"<{name}{scope}{written}>{''.join(content)}</{name}>"


def elements(children):
    content = st.lists(st.one_of(XML_TEXT.map(escaped), children), max_size=4)
    return st.builds(element, NAMES, SCOPES, st.dictionaries(ATTRIBUTES, XML_TEXT, max_size=3), content)


DOCUMENTS = st.recursive(elements(st.just("")), elements, max_leaves=8).map(
    lambda inner: f'<root xmlns:p="urn:p" xmlns:q="urn:q">{inner}</root>'
)


@given(OCTETS, CHARSETS)
@example(b"", None)
@example(b"\xff\xfe", None)
@example(b"\xef\xbb\xbf<?xml", "utf-8")
def test_any_octets_end_in_an_element_or_a_refusal(data, charset):
    refused = None
    try:
        canonicalize(parse_message(as_utf8(data, charset), LIMITS))
    except Refusal as refusal:
        refused = refusal.rule.id
    assert refused in {None, "MSG-02", "MSG-04", "MSG-05", "MSG-06", "MSG-07", "MSG-08"}


@given(OCTETS)
def test_what_is_let_through_holds_elements_alone_and_keeps_the_limits(data):
    try:
        root = parse_message(data, LIMITS)
    except Refusal:
        return
    nodes = list(root.iter())
    assert all(isinstance(node.tag, str) for node in nodes)
    assert len(nodes) <= LIMITS.max_elements
    assert all(len(node.attrib) <= LIMITS.max_attributes for node in nodes)
    assert all(sum(1 for _ in node.iterancestors()) < LIMITS.max_depth for node in nodes)
    assert root.getroottree().docinfo.internalDTD is None


@given(DOCUMENTS, st.sampled_from(["utf-16-le", "utf-16-be"]), st.booleans())
def test_a_document_is_the_same_in_utf8_and_in_utf16(text, codec, declared):
    wide = (f'\ufeff<?xml version="1.0" encoding="UTF-16"?>{text}' if declared else "\ufeff" + text).encode(codec)
    narrow = text.encode()
    assert as_utf8(wide) == as_utf8(wide, "utf-16") == as_utf8(wide, codec.replace("-le", "le").replace("-be", "be"))
    assert as_utf8(wide) == narrow
    assert as_utf8(narrow) is narrow


@given(st.binary(max_size=200))
def test_utf16_is_transcoded_or_refused_and_never_half(data):
    try:
        octets = as_utf8(b"\xff\xfe" + data)
    except Refusal:
        return
    assert octets == data.decode("utf-16-le").encode() or b"<?xml" in data.replace(b"\x00", b"")


@given(DOCUMENTS)
def test_the_canonical_form_is_a_fixed_point(text):
    octets = canonicalize(parse_message(text.encode(), XmlLimits()))
    assert canonicalize(parse_message(octets, XmlLimits())) == octets


@given(DOCUMENTS, st.data())
def test_a_part_has_the_same_form_alone_as_where_it_stood(text, data):
    """What a digest covers can be cut out and carried elsewhere."""
    parts = list(parse_message(text.encode(), XmlLimits()).iter())
    octets = canonicalize(data.draw(st.sampled_from(parts)))
    assert canonicalize(parse_message(octets, XmlLimits())) == octets


@given(DOCUMENTS, st.data())
def test_comments_change_neither_canonical_octets_nor_text(text, data):
    # Between any two characters of text or tags, which is wherever no "<" is open.
    places, inside = [], False
    for at, character in enumerate(text):
        if not inside and (character == "<" or text[at - 1] in ">;" or text[at - 1].isalpha()):
            places.append(at)
        inside = character == "<" or (inside and character != ">")
    # A reference such as &#34; must not be cut in two.
    places = [at for at in places if "&" not in text[max(0, at - 5) : at] or ";" in text[text.rfind("&", 0, at) : at]]
    chosen = sorted(data.draw(st.sets(st.sampled_from(places), min_size=1)), reverse=True)
    commented = text
    for at in chosen:
        commented = commented[:at] + "<!--&<a>-->" + commented[at:]
    plain, other = (parse_message(each.encode(), XmlLimits()) for each in (text, commented))
    assert canonicalize(other) == canonicalize(plain)
    assert [(each.tag, each.text, each.tail) for each in other.iter()] == [
        (each.tag, each.text, each.tail) for each in plain.iter()
    ]
