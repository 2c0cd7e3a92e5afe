"""The XML door: any octets are a document within the limits, or refused by a rule of the message's form."""

from dataclasses import replace
from itertools import product

from fuzz.dice import Dice
from fuzz.target import Found, Target
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import Element, XmlLimits, canonicalize, count_elements, parse_message

LIMITS = XmlLimits(
    max_bytes=20_000, max_elements=300, max_attributes=12, max_namespaces=10, max_depth=20, max_declared=20_000
)
_CHARSETS = (None, "utf-8", "UTF-8", "utf-16", "utf-16le", "us-ascii", "utf-7", "latin1", "")
_RULES = frozenset(f"MSG-{number:02}" for number in (2, 4, 5, 6, 7, 8, 9, 10, 11, 13))
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)


def one(data: bytes) -> None:
    """Read octets as the way of a message does; the first one says which charset the media type named."""
    charset = _CHARSETS[data[0] % len(_CHARSETS)] if data else None
    read(data[1:], charset)


def words(data: bytes) -> None:
    """A document put together of words, which gets further than random octets do."""
    dice = Dice(data)
    text = b"".join(dice.pick(WORDS) for _ in range(300) if dice)
    read(text, None)


def read(data: bytes, charset: str | None) -> None:
    """Try one document, and check all that must be true of what was accepted."""
    try:
        octets = as_utf8(data, charset)
        root = parse_message(octets, LIMITS)
    except Refusal as refusal:
        _expect_rule(refusal, data)
        return
    check_limits(root, data)
    before = etree.tostring(root)
    try:
        canonical = canonicalize(root)
    except Refusal as refusal:
        _expect_rule(refusal, data)
        return
    if etree.tostring(root) != before:
        raise Found("canonicalizing changed the tree", data)
    again = parse_message(canonical, replace(LIMITS, max_bytes=1 << 24, max_namespaces=1000))
    if canonicalize(again) != canonical:
        raise Found("a canonical form has another canonical form", data)
    try:
        envelope = open_envelope(root, octets)
    except Refusal as refusal:
        _expect_rule(refusal, data)
        return
    if envelope.body.getparent() is not root or (envelope.header is not None and envelope.header is not root[0]):
        raise Found("the parts of the envelope are not its children", data)


def check_limits(root: Element, data: bytes) -> None:
    """What the parser let through is within the limits and holds nothing that it promises to keep out."""
    for node in root.getroottree().getroot().iter():
        if not isinstance(node.tag, str):
            raise Found(f"a {node.tag} came through", data)
        if len(node.attrib) > LIMITS.max_attributes:
            raise Found("too many attributes came through", data)
        if sum(1 for _ in node.iterancestors()) >= LIMITS.max_depth:
            raise Found("too deep a tree came through", data)
    if root.getroottree().docinfo.internalDTD is not None or root.getprevious() is not None:
        raise Found("something before the root came through", data)
    if count_elements(root) > LIMITS.max_elements:
        raise Found("too many elements came through", data)


def _expect_rule(refusal: Refusal, data: bytes) -> None:
    if refusal.rule.id not in _RULES:
        raise Found(f"refused by {refusal.rule.id}, which is no rule of a message's form", data)


_HEAD = f'<s:Envelope xmlns:s="{ns.SOAP11}"><s:Header/><s:Body>'.encode()
_TAIL = b"</s:Body></s:Envelope>"
WORDS = (
    _HEAD, _TAIL, b"<a>", b"</a>", b"<a/>", b"<b:c>", b"</b:c>", b'<a xmlns="urn:a">', b'<b:c xmlns:b="urn:b">',
    b'<a xmlns:b="urn:b" b:x="1" x="2">', b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?p ", b"?>", b"<!DOCTYPE a>",
    b"<!DOCTYPE a [", b'<!ENTITY e "x">', b"]>", b"&e;", b"&lt;", b"&#xD;", b"&#0;", b"&#x110000;", b"\xef\xbb\xbf",
    b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="utf-16"?>', b'<?xml version="1.1"?>', b"text", b"\r\n",
    b"\t", b'xmlns:x="rel"', b"xmlns:x=''", b"<x:y ", b">", b"/>", b'"', b"'", b"=", b"\xc9\x99", b"\xed\xa0\x80",
    b"<s:Header>", b"</s:Header>", b"<s:Body>", b"</s:Body>", b's:mustUnderstand="1"', b's:encodingStyle=""',
    b'xml:space="preserve"', b'xml:id="x"', b"<a>" * 25, b"<a/>" * 310, b' x1="" x2="" x3="" x4="" x5="" x6=""',
    b' x7="" x8="" x9="" y1="" y2="" y3="" y4=""',
)  # fmt: skip


def seeds() -> list[bytes]:
    """Good messages of both versions and encodings, and one of each kind of trouble."""
    texts = [
        f'{prolog}<s:Envelope xmlns:s="{version.value}">{header}<s:Body>{body}</s:Body></s:Envelope>'
        for prolog, version, header, body in product(
            ("", '<?xml version="1.0" encoding="UTF-8"?>\n', "<!--c-->"),
            SoapVersion,
            ("", "<s:Header><h xmlns='urn:h'>t</h></s:Header>"),
            ("", "<p:a xmlns:p='urn:p' p:x='1'>ə<b xmlns='urn:d'/><![CDATA[<]]>&#xD;</p:a>"),
        )
    ]
    octets = [text.encode() for text in texts]
    octets += [("\ufeff" + text).encode("utf-16-le") for text in texts if "UTF-8" not in text]
    octets += [b"<!DOCTYPE a>" + _HEAD + _TAIL, b"<a>" * 30 + b"</a>" * 30, _HEAD + b"<?x y?>" + _TAIL]
    return [b"\x00" + each for each in octets]


def word_seeds() -> list[bytes]:
    """Programs of words: an envelope with one thing or two in it."""
    return [bytes((0, a, b, 1)) for a in range(2, len(WORDS)) for b in (3, 15)]


OCTETS = Target("xml", one, seeds, WORDS, longest=3000)
TOKENS = Target("xml-words", words, word_seeds, (), longest=400)
