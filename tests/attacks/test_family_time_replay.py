"""Old, early, endless, malformed and repeated: no message counts outside its time, and none counts twice."""

import copy
import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from attacks.forging import forge
from attacks.siege import EVIL, besiege, canonical, parsed
from lxml import etree
from support.client import GET_PERSON, NS, WSU_ID, Consumer
from support.handmade import instant
from support.place import PERSONS, Place

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

TIMES: Final = (
    "", " ", "now", "0", "1", "2026", "2026-01", "2026-01-01", "12:00:00Z", "2026-01-01T", "2026-01-01T12:00Z",
    "2026-01-01T12:00:00", "2026-01-01 12:00:00Z", "2026-01-01t12:00:00z", "2026-1-1T12:00:00Z", "26-01-01T12:00:00Z",
    "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-02-30T12:00:00Z", "2025-02-29T12:00:00Z",
    "2026-01-00T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T12:60:00Z",
    "2026-01-01T12:00:60Z", "-2026-01-01T12:00:00Z", "+2026-01-01T12:00:00Z", "12026-01-01T12:00:00Z",
    "99999999999999999999-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
    "2026-01-01T12:00:00+15:00", "2026-01-01T12:00:00+1:00", "2026-01-01T12:00:00+0100", "2026-01-01T12:00:00 Z",
    "2026-01-01T12:00:00ZZ", "2026-01-01T12:00:00.Z", "2026-01-01T12:00:00,5Z",
    "2026-01-01T12:00:00." + "1" * 50 + "Z", "2026-01-01T12:00:00.1e5Z", "٢٠٢٦-٠١-٠١T12:00:00Z",
    "2026‐01‐01T12:00:00Z", "2026-W01-1T12:00:00Z", "2026-001T12:00:00Z", "P1D", "INF", "NaN",
    "Thu, 01 Jan 2026 12:00:00 GMT", "1767268800", "2026-01-01T12:00:00Z/P1D",
    "2026-01-01T12:00:00Z 2030-01-01T12:00:00Z", "2026-01-01T12:00:00[Asia/Baku]", "9" * 64,
)  # fmt: skip


def timed(change: Callable[[Any], object]) -> Any:
    """Change the Timestamp before it is signed."""

    def before(root: Any, _: Any) -> None:
        change(root.find(".//wsu:Timestamp", NS))

    return before


def test_times_that_are_none(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Signed as they are, so that only the text is wrong; what is a time is not one of now."""
    wanted = (rules.TIM_ONE, rules.TIM_OLD, rules.TIM_FUTURE)
    with besiege(place, least=2 * len(TIMES)) as siege:
        for number, text in itertools.product((0, 1), TIMES):

            def change(stamp: Any, number: int = number, text: str = text) -> None:
                stamp[number].text = text

            message = forge(eesmn, version, timed(change), digests=True)
            siege.refused((number, text), message, version, *wanted)


def structures() -> dict[str, Callable[[Any], object]]:
    """Timestamps of another structure, each signed."""

    def elder(stamp: Any) -> None:
        stamp[0].text, stamp[1].text = stamp[1].text, stamp[0].text

    def twice(number: int) -> Callable[[Any], None]:
        return lambda stamp: stamp[number].addnext(copy.deepcopy(stamp[number]))

    def swapped(stamp: Any) -> None:
        stamp.append(stamp[0])

    def equal(stamp: Any) -> None:
        stamp[1].text = stamp[0].text

    def renamed(number: int, tag: str) -> Callable[[Any], None]:
        return lambda stamp: setattr(stamp[number], "tag", tag)

    def nested(stamp: Any) -> None:
        inner = copy.deepcopy(stamp)
        inner.attrib.clear()
        stamp.append(inner)

    return {
        "Expires before Created": elder,
        "Expires at Created": equal,
        "two Created": twice(0),
        "two Expires": twice(1),
        "Expires first": swapped,
        "no Created": lambda stamp: stamp.remove(stamp[0]),
        "empty": lambda stamp: [stamp.remove(child) for child in list(stamp)],
        "Created of no namespace": renamed(0, "Created"),
        "Created in small letters": renamed(0, f"{{{ns.WSU}}}created"),
        "a third child": lambda stamp: etree.SubElement(stamp, "{urn:x}x"),
        "one in the other": nested,
        "text": lambda stamp: setattr(stamp, "text", "now"),
        "an element in Created": lambda stamp: etree.SubElement(stamp[0], "{urn:x}x"),
        "endless": lambda stamp: setattr(stamp[1], "text", "9999-12-31T23:59:59Z") or old(stamp),
        "endless and of old": lambda stamp: setattr(stamp[0], "text", "2015-02-01T00:00:00Z"),
        "in a minute and a half": lambda stamp: moved(stamp, 90),
        "in a day": lambda stamp: moved(stamp, 86_400),
        "a day ago": lambda stamp: moved(stamp, -86_400),
        "seven minutes ago": lambda stamp: moved(stamp, -420),
    }


def old(stamp: Any) -> None:
    stamp[0].text = instant(time.time() - 3600)


def moved(stamp: Any, seconds: float) -> None:
    stamp[0].text, stamp[1].text = instant(time.time() + seconds), instant(time.time() + seconds + 300)


def test_timestamps_of_another_structure(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=15) as siege:
        for name, change in structures().items():
            siege.refused(name, forge(eesmn, version, timed(change), digests=True), version)


def test_several_timestamps(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """One signed and old, one unsigned and fresh, in any order and place."""
    with besiege(place, least=8) as siege:
        for where, ident in itertools.product(("before", "after", "in the Header", "in it"), ("same", "none")):

            def after(root: Any, _: Any, where: str = where, ident: str = ident) -> None:
                own = root.find(".//wsu:Timestamp", NS)
                twin = copy.deepcopy(own)
                if ident == "none":
                    del twin.attrib[WSU_ID]
                match where:
                    case "before":
                        own.addprevious(twin)
                    case "after":
                        own.addnext(twin)
                    case "in the Header":
                        root[0].append(twin)
                    case _:
                        own.append(twin)

            def before(root: Any, signature: Any) -> None:
                old(root.find(".//wsu:Timestamp", NS))
                root.find(".//wsu:Timestamp", NS)[1].text = instant(time.time() - 3000)

            siege.refused((where, ident), forge(eesmn, version, before, after, digests=True), version)


def written_otherwise(message: bytes) -> Iterator[tuple[str, bytes]]:
    """The same message in other octets: everything that no signature sees."""
    text = message.decode()
    yield "as it is", message
    yield "with a declaration", b'<?xml version="1.0" encoding="UTF-8"?>\n' + message
    yield "with a byte-order mark", b"\xef\xbb\xbf" + message
    yield "in UTF-16", ("\ufeff" + text).encode("utf-16-le")
    yield "with a comment before", b"<!-- x -->" + message
    yield "with a comment behind", message + b"<!-- x -->"
    yield "with blanks behind", message + b"\r\n \t"
    yield "with blanks between", message.replace(b"<soap:Header>", b"<soap:Header>\n   ", 1)
    yield "with a comment in the Body", message.replace(b"5ABC123", b"5AB<!---->C123")
    yield "with CDATA", message.replace(b"5ABC123", b"<![CDATA[5ABC123]]>")
    yield "with character references", message.replace(b"5ABC123", b"&#53;ABC12&#x33;")
    yield "with a block that nobody signed", message.replace(b"</soap:Header>", b"<x/></soap:Header>", 1)
    yield "with an attribute", message.replace(b"<soap:Envelope ", b'<soap:Envelope xmlns:z="z:z" z:q="1" ', 1)
    yield "with an Id on the Header", message.replace(b"<soap:Header>", b'<soap:Header Id="other">', 1)
    value = re.search(rb"<ds:SignatureValue>([^<]+)<", message)
    assert value is not None
    for name, change in {"spaces": b" ", "line ends": b"\r\n", "comments": b"<!---->"}.items():
        split = value[1][:20] + change + value[1][20:]
        yield f"with {name} in the value", message.replace(value[1], split)
    root = etree.fromstring(message)
    yield "re-serialised", etree.tostring(root, encoding="utf-8", xml_declaration=True)
    yield "canonical", etree.tostring(root, method="c14n")
    token = next(root.iter(f"{{{ns.WSSE}}}BinarySecurityToken"))
    token.text = "\n".join(re.findall(".{1,64}", token.text or ""))
    yield "its token in lines", etree.tostring(root)
    root[0][0].append(root[0][0][0])
    yield "its token last", etree.tostring(root)
    yield "with single quotes", message.replace(b'"', b"'")


def test_the_same_message_in_other_octets(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """It is delivered once, and known again in all its spellings: by its id, or by its signature where it has none."""
    to = f'<a:MessageID xmlns:a="{ns.WSA}">urn:uuid:%s</a:MessageID>'
    for kind in ("signature", "wsa", "exchange"):
        headers: tuple[bytes, ...] = ()
        if kind == "wsa":
            headers = ((to % f"{version.name}-replay").encode(),)
        elif kind == "exchange":
            block = f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:id>{version.name}-replay</e:id></e:Exchange>'
            headers = (block.encode(),)
        message = eesmn.sign(headers=headers, version=version)
        payload = canonical(etree.fromstring(message)[-1][0])
        with besiege(place, least=20) as siege:
            assert siege.harmless("first", message, version, payload)
            for name, again in written_otherwise(message):
                siege.refused((kind, name), again, version, rules.TIM_REPLAY, media=version.media_type)
            for path in (None, f"http://bus.test/services/{PERSONS.text}"):
                siege.refused((kind, path), message, version, rules.TIM_REPLAY, path=path)


def test_an_id_with_another_content(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """The id is the consumer's own word: it stands for one message only, whatever else is signed with it."""
    ident = f'<a:MessageID xmlns:a="{ns.WSA}">urn:uuid:{version.name}-other</a:MessageID>'.encode()
    with besiege(place, least=11) as siege:
        root, payload = parsed(eesmn, version, (ident,))
        assert siege.harmless("first", etree.tostring(root), version, payload)
        blanks = (b"", b" ", b"\n", b"\t", b"<!---->")
        for number, blank in enumerate(blanks):
            spelt = ident.replace(b"urn:uuid", blank + b"urn:uuid").replace(b"</a:M", blank + b"</a:M")
            body = GET_PERSON.replace(b"5ABC123", f"5ABC12{number}".encode())
            siege.refused(blank, eesmn.sign(body, (spelt,), version), version, rules.TIM_REPLAY)
        for uri in (ns.WSA_2004,):
            other = ident.replace(ns.WSA.encode(), uri.encode())
            siege.refused(uri, eesmn.sign(GET_PERSON, (other,), version), version, rules.TIM_REPLAY)
        unsigned = etree.fromstring(eesmn.sign(version=version))
        unsigned[0].append(etree.fromstring(ident))
        siege.refused("an unsigned id", etree.tostring(unsigned), version, rules.SIG_HEADERS)
        tampered = etree.fromstring(eesmn.sign(headers=(ident.replace(b"other", b"third"),), version=version))
        next(tampered.iter(f"{{{ns.WSA}}}MessageID")).text = f"urn:uuid:{EVIL}"
        siege.refused("a changed id", etree.tostring(tampered), version, rules.SIG_DIGEST)
        both = (ident, f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:id>unheard-of</e:id></e:Exchange>'.encode())
        siege.refused("another id beside it", eesmn.sign(GET_PERSON, both, version), version, rules.TIM_REPLAY)
        siege.refused("two ids", eesmn.sign(GET_PERSON, (ident, ident), version), version, rules.WSA_ONCE)
