"""Bombs and lures for an XML parser: each ends in a coded refusal, nothing is fetched, and the next good one passes."""

import itertools
import socket
import threading

import pytest
from lxml import etree

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Code, Refusal
from esb.kernel.soap import open_envelope
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

LIMITS = XmlLimits()
GOOD = f'<s:Envelope xmlns:s="{ns.SOAP11}"><s:Body><q:Ask xmlns:q="urn:q">1</q:Ask></s:Body></s:Envelope>'.encode()
BOM8 = b"\xef\xbb\xbf"


def read(data, charset=None):
    """Read as the way of a message does: encoding, then parser."""
    return parse_message(as_utf8(data, charset), LIMITS)


def refused(data, charset=None):
    with pytest.raises(Refusal) as caught:
        read(data, charset)
    assert open_envelope(read(GOOD)).payload is not None
    return caught.value.rule


def body(content):
    return GOOD.replace(b'<q:Ask xmlns:q="urn:q">1</q:Ask>', content)


# Document type declarations

DOCTYPES = [
    b"<!DOCTYPE a>",
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
    b'<!DOCTYPE a PUBLIC "-//X//Y" "http://127.0.0.1/a.dtd">',
    b"<!DOCTYPE a []>",
    b'<!DOCTYPE a [<!ENTITY b "c">]>',
    b'<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd"> %b;]>',
    b"<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]>",
    b"<!DOCTYPE\n\ta>",
    b"<!DOCTYPE a [<?pi ]> ?>]>",
    b"<!DOCTYPE a [<!-- ]> -->]>",
]
PROLOGS = [
    b"",
    BOM8,
    b'<?xml version="1.0"?>',
    BOM8 + b'<?xml version="1.0" encoding="UTF-8"?>\r\n',
    b"<!---->",
    b"\n \t<!-- > ]]> <a> --><!--<!DOCTYPE-->",
    b"<?a <!-- ?>",
    b"<?a?><!-- ?> --><?b --> ?>\n",
    b'<?xml version="1.0"?>' + b"<!--x-->" * 500,
]


@pytest.mark.parametrize(("prolog", "doctype"), list(itertools.product(PROLOGS, DOCTYPES)))
def test_a_doctype_is_refused_as_one_wherever_it_can_stand(prolog, doctype):
    assert refused(prolog + doctype + GOOD) is rules.XML_NO_DTD


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_a_doctype_is_refused_in_utf16(codec, doctype):
    for prolog in ("\ufeff", '\ufeff<?xml version="1.0" encoding="UTF-16"?>', "\ufeff<!--x-->"):
        assert refused((prolog + doctype.decode() + GOOD.decode()).encode(codec)) is rules.XML_NO_DTD


@pytest.mark.parametrize("doctype", [b"<!doctype a>", b"<!DocType a>", b"<! DOCTYPE a>", b"<!DOCTYPEa>", b"<!DOCTYPE>"])
def test_what_is_almost_a_doctype_is_refused_all_the_same(doctype):
    assert refused(doctype + GOOD) in (rules.XML_NO_DTD, rules.XML_WELL_FORMED)


@pytest.mark.parametrize("place", [GOOD + b"<!DOCTYPE a>", body(b"<!DOCTYPE a>"), body(b"<!ENTITY a 'b'>")])
def test_a_declaration_inside_or_after_the_envelope_is_ill_formed(place):
    assert refused(place) is rules.XML_WELL_FORMED


# Entities

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b"]><a>&l11;</a>",
        b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b']><a b="&l11;"/>',
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100_000 + b'">]><a>' + b"&b;" * 100_000 + b"</a>",
        b"<!DOCTYPE a [<!ENTITY b '&c;'><!ENTITY c '&b;'>]><a>&b;</a>",
        b"<!DOCTYPE a [<!ENTITY % p '<!ENTITY q \"r\">'> %p;]><a>&q;</a>",
    ],
    ids=["laughs", "laughs in an attribute", "quadratic", "circle", "parameter"],
)
def test_entity_bombs_are_refused_before_they_are_expanded(data):
    assert refused(data) is rules.XML_NO_DTD


@pytest.mark.parametrize("entity", [b"&nbsp;", b"&b;", b"&#0;", b"&#xD800;", b"&#x110000;", b"&#xFFFE;", b"&#1;", b"&"])
def test_references_to_nothing_are_ill_formed(entity):
    assert refused(body(entity)) is rules.XML_WELL_FORMED


# Lures: nothing is fetched, whatever a message says


@pytest.fixture
def listener():
    """A server that counts who calls; its address is what every lure names."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    calls.append(connection.recv(200))

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        yield address, calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def called(listener):
    """Whether anybody called before this: the knock at the end shows that a call would have been seen."""
    address, calls = listener
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"knock")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    return calls != [b"knock"]


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("<secret>FIN5ABCDE1</secret>")
    return path.as_uri()


DECLARED = [
    '<!DOCTYPE a SYSTEM "{}"><a/>',
    '<!DOCTYPE a PUBLIC "-//X//Y" "{}"><a/>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "{}">]><a>&b;</a>',
    '<!DOCTYPE a [<!ENTITY % b SYSTEM "{}"> %b;]><a/>',
    '<?xml version="1.0"?><?xml-stylesheet href="{}" type="text/xsl"?><a/>',
]
HINTED = [
    '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{}"/></a>',
    '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{}" parse="text"/></a>',
    '<a xmlns:xi="http://www.w3.org/2003/XInclude"><xi:include href="{}"><xi:fallback/></xi:include></a>',
    '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a {}" xmlns="urn:a"/>',
    '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{}"/>',
    '<a xmlns:x="http://www.w3.org/1999/xlink" x:href="{}" x:show="embed" x:actuate="onLoad"/>',
    '<a xml:base="{}"><b/></a>',
    '<a xmlns="{}"/>',
]


@pytest.mark.parametrize("form", DECLARED)
def test_what_a_prolog_names_is_refused_and_never_fetched(listener, secret, form):
    for target in (listener[0] + "/x", secret):
        assert refused(form.format(target).encode()) in (rules.XML_NO_DTD, rules.XML_NO_PI)
    assert not called(listener)


@pytest.mark.parametrize("form", HINTED)
def test_what_an_element_names_is_only_text(listener, secret, form):
    for target in (listener[0] + "/x", secret):
        root = read(form.format(target).encode())
        assert b"FIN5ABCDE1" not in canonicalize(root) + etree.tostring(root)
        assert target.encode() in canonicalize(root)
    assert not called(listener)


# Size and number, each counted before anything is canonicalized


def rows(count, row):
    return body(b"<r>" + row * count + b"</r>")


@pytest.mark.parametrize(
    "data",
    [
        body(b"<a>" * 199 + b"</a>" * 199),
        body(b"<a>" * 5_000 + b"</a>" * 5_000),
        body(b"<a>" * 1_000_000),
        body(b"<a x='y'>" * 199 + b"</a>" * 199),
        rows(200_001, b"<a/>"),
        rows(200_001, b"<a></a>"),
        body(b"<a/>" * 2_600_000)[:10_000_000],
        body(b"<a " + b" ".join(b'a%d=""' % n for n in range(257)) + b"/>"),
        body(b"<a " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b"/>"),
        body(b"<a xmlns:p='urn:p' " + b" ".join(b'p:a%d=""' % n for n in range(100_000)) + b"/>"),
        body(b"<a " + b" ".join(b'xmlns:p%d="urn:p"' % n for n in range(129)) + b"/>"),
        body(b"<a " + b" ".join(b'xmlns:p%d="urn:p"' % n for n in range(50_000)) + b">" + b"<b/>" * 50_000 + b"</a>"),
        body(b"".join(b'<a xmlns:p%d="urn:%d">' % (n, n) for n in range(150)) + b"</a>" * 150),
        body(b"<a xmlns='urn:a'>" * 150 + b"</a>" * 150),
        body(b"<" + b"a" * 60_000 + b"/>"),
        body(b"<a b='" + b"x" * 10_100_000 + b"'/>"),
        body(b"<a xmlns='urn:" + b"x" * 10_100_000 + b"'/>"),
    ],
    ids=[
        "one level too deep", "deep", "deep and never closed", "deep with attributes", "siblings", "siblings in pairs",
        "siblings without end", "one attribute too many", "attributes", "attributes of a namespace",
        "one declaration too many", "declarations over siblings", "declarations on the way down",
        "the same on the way down", "a long name", "a long value", "a long namespace",
    ],
)  # fmt: skip
def test_bombs_are_over_a_limit(data):
    assert len(data) <= LIMITS.max_bytes
    assert refused(data).code is Code.TOO_LARGE


def test_a_message_larger_than_the_limit_is_not_looked_into():
    assert refused(b"<" * (LIMITS.max_bytes + 1)) is rules.SIZE


def test_utf16_that_grows_beyond_the_limit_is_counted_as_it_is_parsed():
    """Three octets of UTF-8 for two of UTF-16."""
    data = ("\ufeff<a>" + "々" * 4_000_000 + "</a>").encode("utf-16-le")
    assert len(data) < LIMITS.max_bytes
    assert refused(data) is rules.SIZE


@pytest.mark.parametrize(
    "data",
    [
        body(b"<a>" * 197 + b"</a>" * 197),
        body(b"<a " + b" ".join(b'a%d=""' % n for n in range(256)) + b"/>"),
        body(b"<r>" + b"<a xmlns='urn:a' xmlns:b='urn:b'/>" * 1000 + b"</r>"),
        rows(10_000, b"<a>1</a>\n"),
        body(b"<a b='" + b"&#10;" * 100_000 + b"'/>"),
    ],
    ids=["depth", "attributes", "a serializer that repeats itself", "rows", "references"],
)
def test_what_is_within_the_limits_passes_and_is_canonicalized(data):
    assert canonicalize(read(data)).startswith(b"<s:Envelope")


def test_the_worst_that_passes_can_be_canonicalized_with_a_prefix_list():
    """All limits at once: what remains is bounded, for pytest's own time limit ends this test otherwise."""
    scope = b" ".join(b'xmlns:p%d="urn:%d"' % (n, n) for n in range(126))
    some = b"<p0:a " + b" ".join(b'a%d=""' % n for n in range(250)) + b"/>"
    root = read(body(b"<a " + scope + b">" + some * 200 + b"<p125:b/>" * 50_000 + b"</a>"))
    assert canonicalize(root, [f"p{n}" for n in range(16)])


# Octets that are not what they seem


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00", b"\x01", b"\x0b", b"\xc0\xbc", b"\xc1\xbf", b"\xe0\x80\xbc", b"\xf0\x80\x80\xbc",
        b"\xf8\x80\x80\x80\xbc", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xf4\x90\x80\x80", b"\x80", b"\xc3", b"\xff",
        b"\xef\xbf\xbe", b"\xef\xbf\xbf",
    ],
)  # fmt: skip
def test_octets_that_are_no_characters_are_ill_formed(octets):
    for data in (body(octets), body(b"<a b='" + octets + b"'/>"), body(b"<a" + octets + b"/>"), octets + GOOD):
        assert refused(data) in (rules.XML_WELL_FORMED, rules.HTTP_CHARSET)
    assert refused(body(b"<!--" + octets + b"-->")) is rules.XML_WELL_FORMED


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (b"+ADw-a+AD4APA-/a+AD4-", None),
        (b'<?xml version="1.0" encoding="UTF-7"?>' + GOOD, None),
        (b'<?xml version="1.0" encoding="unicode-1-1-utf-7"?>' + GOOD, None),
        (GOOD, "utf-7"),
        (GOOD.decode().encode("cp037"), None),
        (b'<?xml version="1.0" encoding="IBM037"?>' + GOOD, None),
        (GOOD.decode().encode("utf-32"), None),
        (GOOD.decode().encode("utf-32-be"), None),
        (GOOD.decode().encode("utf-16-le"), None),
        (GOOD.decode().encode("utf-16-be"), "utf-16"),
        (GOOD.decode().encode("utf-16"), "utf-8"),
        (b'<?xml version="1.0" encoding="UTF-16"?>' + GOOD, "utf-8"),
        (BOM8 + BOM8 + GOOD, None),
        (b"\xff\xfe" + GOOD.decode().encode("utf-16"), None),
        (b"\xff\xfe<\x00a\x00/\x00>\x00\x00\xd8", None),
    ],
)
def test_other_encodings_and_contradictions_are_refused(data, charset):
    assert refused(data, charset) in (rules.HTTP_CHARSET, rules.XML_WELL_FORMED)


def test_utf7_in_a_utf8_message_is_only_text():
    assert open_envelope(read(body(b"<a>+ADw-b/+AD4-</a>"))).payload.text == "+ADw-b/+AD4-"


# Comments and instructions that split a signed text

SPLIT = [b"<!---->", b"<!-- 9 -->", b"<![CDATA[]]>", b"<!--a--><!--b-->", b"<![CDATA[]]><!--a-->"]


@pytest.mark.parametrize("splitter", SPLIT)
def test_what_splits_a_text_changes_neither_its_digest_nor_its_reading(splitter):
    whole, split = read(body(b"<fin>5ABCDE1</fin>")), read(body(b"<fin>5AB" + splitter + b"CDE1</fin>"))
    assert canonicalize(split) == canonicalize(whole)
    assert open_envelope(split).payload.text == "5ABCDE1"


@pytest.mark.parametrize("instruction", [b"<?a?>", b"<?a b?>", b"<!--x--><?a?>"])
def test_an_instruction_cannot_split_one(instruction):
    assert refused(body(b"<fin>5AB" + instruction + b"CDE1</fin>")) is rules.XML_NO_PI
