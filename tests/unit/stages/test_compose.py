"""Every octet string that is written is its own exclusive canonical form, whatever stands in it."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.stages import compose

# What XML 1.0 can hold.
LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff").filter(
    lambda letter: letter >= " " or letter in "\t\n\r"
)
HARD = st.sampled_from(
    ["]]>", "&amp;", "<", "'", '"', "\r\n", "\t", "\U0001f600", "&#13;", "<!--", "xmlns:soap=", "\x7f", "\x85"]
)
TEXT = st.lists(st.one_of(st.text(LETTERS, max_size=10), HARD), max_size=6).map("".join)
URI = st.sampled_from([ns.SOAP11, ns.SOAP12, ns.WSU, ns.WSSE, ns.EXCHANGE, "urn:x", "urn:y"])
PREFIX = st.sampled_from(["soap", "wsu", "wsse", "exch", "p", "q"])
VERSION = st.sampled_from(list(SoapVersion))


def c14n(element: object, prefixes: tuple[str, ...] = ()) -> bytes:
    """Canonical form by lxml, for a list of prefixes that stand in the document."""
    octets: bytes = etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=list(prefixes) or None)
    return octets


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """An element as a stranger might write it: any prefixes, default namespaces undone, values that look like names."""
    bindings = dict(draw(st.lists(st.tuples(PREFIX, URI), max_size=3)))
    default = draw(st.one_of(st.none(), URI, st.just("")))
    prefix = draw(st.sampled_from([None, *bindings]))
    declared = "".join(f' xmlns:{name}="{uri}"' for name, uri in bindings.items())
    if default is not None:
        declared += f' xmlns="{default}"'
    quoted = compose.attribute(draw(TEXT))
    attributes = f' a="{quoted}"' + (f' {prefix}:b="{draw(PREFIX)}:x"' if prefix else "")
    inside = compose.text(draw(TEXT))
    if depth:
        inside += "".join(draw(st.lists(elements(depth - 1), max_size=2)))
    name = f"{prefix}:e" if prefix else "e"
    return f"<{name}{declared}{attributes}>{inside}</{name}>"


@given(TEXT)
def test_text_and_attributes_are_canonical(value: str) -> None:
    octets = f'<a b="{compose.attribute(value)}">{compose.text(value)}</a>'.encode()
    element = etree.fromstring(octets)
    assert c14n(element) == octets
    assert (element.text or "", element.get("b")) == (value, value)


@given(elements(), VERSION)
def test_a_body_is_its_own_canonical_form_wherever_it_stands(content: str, version: SoapVersion) -> None:
    canonical = c14n(etree.fromstring(content))
    body, part = compose.body_element(version, "body-1", canonical)
    assert part.sha256 == hashlib.sha256(body).digest()
    assert c14n(etree.fromstring(body)) == body
    inside = etree.fromstring(compose.envelope(version, (), body))[0]
    assert inside.tag == f"{{{version.value}}}Body"
    assert c14n(inside) == body
    assert c14n(inside[0]) == canonical


@given(elements(), VERSION, st.lists(PREFIX, max_size=3, unique=True))
def test_listed_prefixes_keep_their_bindings(content: str, version: SoapVersion, listed: list[str]) -> None:
    prefixes = tuple(listed)
    element = etree.fromstring(content)
    body, part = compose.body_element(version, "body-1", c14n(element, prefixes), prefixes)
    assert part.prefixes == prefixes
    inside = etree.fromstring(compose.envelope(version, (), body))[0]
    assert c14n(inside, prefixes) == body
    for prefix in prefixes:
        if prefix in element.nsmap:
            assert inside[0].nsmap[prefix] == element.nsmap[prefix]


def test_a_body_declares_what_it_is_told_in_canonical_order() -> None:
    for declared in ((("exch", ns.EXCHANGE),), (("wsse", ns.WSSE),), (("a", "urn:a"), ("z", "urn:z"))):
        prefixes = tuple(name for name, _ in declared)
        body, _ = compose.body_element(SoapVersion.V12, "b", b"<x>exch:y</x>", prefixes, declared)
        assert c14n(etree.fromstring(body), prefixes) == body


@given(TEXT, TEXT)
def test_header_blocks_are_canonical_and_say_what_they_were_told(one: str, other: str) -> None:
    children = compose.field("one", one) + compose.field("other", other)
    octets, part = compose.header_element("Receipt", "r-1", children)
    element = etree.fromstring(octets)
    assert c14n(element) == octets
    assert part.sha256 == hashlib.sha256(octets).digest()
    assert [child.text for child in element] == [value for value in (one, other) if value]


def test_an_absent_field_is_left_out() -> None:
    assert compose.field("x", None) == compose.field("x", "") == ""


def test_a_header_block_stays_canonical_beside_others(version: SoapVersion) -> None:
    block, _ = compose.header_element("Receipt", "r-1", compose.field("exchange", "e"))
    envelope = compose.envelope(version, (block, block), b"<x/>")
    root = etree.fromstring(envelope)
    assert [c14n(each) for each in root[0]] == [block, block]


def test_an_envelope_declares_its_scope(version: SoapVersion) -> None:
    root = etree.fromstring(compose.envelope(version, (), b"<x/>", (("soap", "urn:a&b"), ("q", "urn:q")), "soap1"))
    assert root.nsmap == {"soap1": version.value, "soap": "urn:a&b", "q": "urn:q"}


def test_a_prefix_is_free_where_no_list_gives_it_a_meaning() -> None:
    good = etree.fromstring('<a xmlns:soap="urn:s"/>')
    bad = etree.fromstring('<a xmlns:soap="urn:other"/>')
    free = compose.free_prefix
    assert free("soap", "urn:s", ()) == "soap"
    assert free("soap", "urn:s", {"soap"}, good) == "soap"
    assert free("soap", "urn:s", {"soap"}) == "soap1"
    assert free("soap", "urn:s", {"soap", "soap1"}, good, bad) == "soap2"
    assert free("soap", "urn:s", {"soap"}, etree.fromstring("<a/>")) == "soap1"
