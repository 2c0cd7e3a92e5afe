"""SOAP and WS-Addressing: roles, mandatory headers, reply addresses, recipients, actions, versions and bodies.

Nothing is ever sent to an address that a message names; the canary and the provider's journal are the witnesses.
"""

import gzip
import itertools
import zlib
from typing import Final

import pytest
from attacks.forging import forge
from attacks.siege import EVIL, besiege, canonical
from lxml import etree
from support.client import GET_PERSON, Consumer
from support.handmade import Choices
from support.place import Place
from support.way import MEDIA

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

ADDRESSES: Final = (
    "CANARY", "http://127.0.0.1:22/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://0/",
    "http://2130706433/", "http://0x7f.1/", "http://localhost/", "http://bus.test/", "https://bus.test:8443/x",
    "file:///etc/passwd", "mailto:a@b", "jms:queue", "ldap://127.0.0.1/", "gopher://127.0.0.1:25/_x", "urn:x", "x", "",
    " ", "//127.0.0.1/", "javascript:alert(1)", "http://www.w3.org/2005/08/addressing/anonymous/",
    "HTTP://WWW.W3.ORG/2005/08/ADDRESSING/ANONYMOUS", "http://www.w3.org/2005/08/addressing/anonymous#x",
    "http://docs.oasis-open.org/ws-rx/wsmc/200702/anonymous?id=1", "http://www.w3.org/2005/08/addressing/none%00",
    "${jndi:CANARY}", "http://www.w3.org/2005/08/addressing/anonymous CANARY",
)  # fmt: skip


def block(uri: str, local: str, inside: str) -> bytes:
    return f'<a:{local} xmlns:a="{uri}">{inside}</a:{local}>'.encode()


def test_replies_and_faults_to_elsewhere(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Signed and so the consumer's own wish; also where the message is refused for something else meanwhile."""
    with besiege(place, least=150) as siege:
        for address, uri, local in itertools.product(ADDRESSES, (ns.WSA, ns.WSA_2004), ("ReplyTo", "FaultTo", "both")):
            lured = address.replace("CANARY", siege.canary.url)
            inside = f"<a:Address>{lured}</a:Address>"
            names = ("ReplyTo", "FaultTo") if local == "both" else (local,)
            headers = tuple(block(uri, name, inside) for name in names)
            siege.refused((address, local), eesmn.sign(headers=headers, version=version), version, rules.WSA_REPLY)
        lured = f"<a:Address>{siege.canary.url}</a:Address>"
        for form, inside in {
            "with parameters": f"{lured}<a:ReferenceParameters><x/></a:ReferenceParameters>",
            "twice": lured * 2,
            "deep": f"<x><y>{lured}</y></x>",
            "no address": "",
            "metadata": f"<a:Metadata>{lured}</a:Metadata>",
        }.items():
            headers = (block(ns.WSA, "ReplyTo", inside),)
            siege.refused(form, eesmn.sign(headers=headers, version=version), version, rules.WSA_REPLY)
            bad = GET_PERSON.replace(b"5ABC123", b"?")
            siege.refused((form, "a fault"), eesmn.sign(bad, headers, version), version, rules.WSA_REPLY)
            unsigned = forge(eesmn, version, headers=headers)
            siege.refused((form, "unsigned"), unsigned, version, rules.SIG_HEADERS)


RECIPIENTS: Final = (
    "http://bus.test/services/DIN/IAMAS/PersonQuery/v1/", "http://bus.test/services/din/IAMAS/PersonQuery/v1",
    "http://bus.test/services/DIN/IAMAS/Other/v1", "http://evil.example/services/DIN/IAMAS/PersonQuery/v1",
    "https://bus.test/services/DIN/IAMAS/PersonQuery/v1", "http://bus.test:81/services/DIN/IAMAS/PersonQuery/v1",
    "http://bus.test@evil.example/services/DIN/IAMAS/PersonQuery/v1", "http://bus.test", "http://bus.test/", "DIN", "",
    "http://bus.test/services/DIN/IAMAS/PersonQuery/v1?x", "http://bus.test/services/DIN/IAMAS/PersonQuery/v1#x",
    "http://bus.test/services/DIN/IAMAS/./PersonQuery/v1", "http://bus.test/services/DIN/IAMAS/PersonQuery/%761",
    "/services/DIN/IAMAS/PersonQuery/v1", "urn:DIN", "x" * 3_000, "http://bus.test/services/DIN/IAMAS/PersonQuery/v10",
    "http://bus.test//services/DIN/IAMAS/PersonQuery/v1", "http://bus.test/services/DIN/IAMAS/PersonQuery/v1 x",
    ns.WSA_ANONYMOUS, "http://bus.test.evil.example/services/DIN/IAMAS/PersonQuery/v1", "http://127.0.0.1/",
)  # fmt: skip
ACTIONS: Final = (
    "urn:example:CountPersons", "urn:example:GetPerson/", "URN:EXAMPLE:GETPERSON", "urn:example:", "x",
    "urn:example:GetPersonX", "urn:example:GetPerson urn:example:CountPersons", "urn:example:NotePerson", "${jndi:x}",
    "*", "GetPersons", "x" * 3_000,
)  # fmt: skip


def test_false_recipients_and_actions(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=80) as siege:
        for uri, text in itertools.product((ns.WSA, ns.WSA_2004), RECIPIENTS):
            message = eesmn.sign(headers=(block(uri, "To", text),), version=version)
            if text != ns.WSA_ANONYMOUS:
                siege.refused(text[:60], message, version, rules.WSA_TO)
        for uri, text in itertools.product((ns.WSA, ns.WSA_2004), ACTIONS):
            message = eesmn.sign(headers=(block(uri, "Action", text),), version=version)
            siege.refused(text[:60], message, version, rules.WSA_ACTION)
        for text in ACTIONS[:-1]:
            message = eesmn.sign(version=version)
            if version is SoapVersion.V11:
                siege.refused(text, message, version, rules.WSA_ACTION, http={"SOAPAction": f'"{text}"'})
            else:
                media = f'{MEDIA[version]}; action="{text}"'
                siege.refused(text, message, version, rules.WSA_ACTION, media=media)


ROLES: Final = (None, "", ns.SOAP11_NEXT, ns.SOAP12_NEXT, ns.SOAP12_ULTIMATE, ns.SOAP12_NONE, ns.BUS_ACTOR, "urn:other")
OURS: Final = {
    SoapVersion.V11: {None, "", ns.SOAP11_NEXT, ns.BUS_ACTOR},
    SoapVersion.V12: {None, "", ns.SOAP12_NEXT, ns.SOAP12_ULTIMATE, ns.BUS_ACTOR},
}
NAMES: Final = (
    "{urn:x}Unknown", "Unknown", "{http://docs.oasis-open.org/ws-rx/wsrm/200702}Sequence",
    "{http://docs.oasis-open.org/ws-tx/wscoor/2006/06}CoordinationContext", f"{{{ns.WSSE}}}Unknown",
    f"{{{ns.EXCHANGE}}}Unknown", "{http://schemas.xmlsoap.org/soap/actor}next",
)  # fmt: skip


def test_what_must_be_understood_for_each_role(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Signed or not: what is mandatory and the bus's, and unknown to it, stops the message; what is another's does
    not, and is not forwarded unless it was signed."""
    attribute = "actor" if version is SoapVersion.V11 else "role"
    with besiege(place, least=50) as siege:
        for name, role, must in itertools.product(NAMES, ROLES, ("1", "true", "0")):
            local = name.rpartition("}")[2]
            header = etree.Element(name, nsmap={"S": version.value})
            header.set(f"{{{version.value}}}mustUnderstand", must)
            if role is not None:
                header.set(f"{{{version.value}}}{attribute}", role)
            header.text = EVIL
            octets = etree.tostring(header)
            message = forge(eesmn, version, headers=(octets,))
            if role in OURS[version] and must != "0":
                siege.refused((name, role, must), message, version, rules.SOAP_UNDERSTAND)
                signed = forge(eesmn, version, headers=(octets,), choices=Choices(sign=("Body", "Timestamp", local)))
                siege.refused((name, role, must, "signed"), signed, version, rules.SOAP_UNDERSTAND)
            elif (name, must) == ("{urn:x}Unknown", "0") or (name, role) == ("{urn:x}Unknown", "urn:other"):
                payload = canonical(etree.fromstring(message)[-1][0])
                siege.harmless((name, role, must), message, version, payload)


BODIES: Final = (
    b"", b"text", b"<x/>", GET_PERSON * 2, GET_PERSON + b"text", b"text" + GET_PERSON, GET_PERSON + b"<x/>",
    b"<x/>" + GET_PERSON, b"<!-- --><x/>", b"<![CDATA[x]]>", b'<GetPerson xmlns=""/>',
    b'<p:getperson xmlns:p="urn:example:person"/>', b'<p:GetPerson xmlns:p="urn:example:Person"/>',
    b'<p:GetPersonResponse xmlns:p="urn:example:person"/>',
    b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>x</p:fin><p:fin>y</p:fin></p:GetPerson>',
    b'<p:GetPerson xmlns:p="urn:example:person" href="#x"/>', b'<p:GetPerson xmlns:p="urn:example:person"/>',
    b'<p:GetPerson xmlns:p="urn:example:person"><p:fin href="http://127.0.0.1/"/></p:GetPerson>',
    b'<p:GetPerson xmlns:p="urn:example:person"><p:fin xmlns:i="INSTANCE" i:nil="true"/>'
    b"</p:GetPerson>",
    b'<p:GetPerson xmlns:p="urn:example:person"><p:fin xmlns:i="INSTANCE" i:type="x:y" '
    b'xmlns:x="urn:x">5ABC123</p:fin></p:GetPerson>',
)  # fmt: skip


def test_bodies_that_ask_for_nothing_offered(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=15) as siege:
        for body in BODIES:
            siege.refused(body[:60], forge(eesmn, version, body=body.replace(b"INSTANCE", ns.XSI.encode())), version)
        fault = f'<S:Fault xmlns:S="{version.value}"><faultcode>S:Client</faultcode></S:Fault>'.encode()
        envelope = f'<S:Envelope xmlns:S="{version.value}"><S:Body/></S:Envelope>'.encode()
        for body in (fault, envelope):
            siege.refused(body, forge(eesmn, version, body=body), version, rules.RTE_OPERATION)


@pytest.mark.parametrize("where", ["Envelope", "Header", "Body", "payload"])
def test_encodings_and_references(place: Place, eesmn: Consumer, version: SoapVersion, where: str) -> None:
    """encodingStyle and multi-references, as RPC writes them: they may not make one element stand for another."""
    styles = ("", "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding", "urn:x")
    with besiege(place, least=4) as siege:
        for style, root in itertools.product(styles, ("1", "0")):
            message = forge(eesmn, version)
            tree = etree.fromstring(message)
            target = {"Envelope": tree, "Header": tree[0], "Body": tree[-1], "payload": tree[-1][0]}[where]
            target.set(f"{{{version.value}}}encodingStyle", style)
            target.set("{http://schemas.xmlsoap.org/soap/encoding/}root", root)
            siege.harmless((style, root), etree.tostring(tree), version, canonical(etree.fromstring(message)[-1][0]))


VERSIONS: Final = (
    "http://schemas.xmlsoap.org/soap/envelope", "http://www.w3.org/2001/12/soap-envelope",
    "urn:schemas-xmlsoap-org:soap.v1", "http://www.w3.org/2003/05/soap-envelope/",
    "http://www.w3.org/2002/06/soap-envelope", "", "urn:x", "http://www.w3.org/2001/06/soap-envelope",
    "HTTP://SCHEMAS.XMLSOAP.ORG/SOAP/ENVELOPE/",
)  # fmt: skip


def test_versions_that_do_not_fit(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    other = next(each for each in SoapVersion if each is not version)
    with besiege(place, least=10) as siege:
        for uri in VERSIONS:
            message = eesmn.sign(version=version).replace(version.value.encode(), uri.encode())
            if uri:
                wanted = (rules.SOAP_VERSION, rules.SOAP_ENVELOPE)
                siege.refused(uri, message, version, *wanted)
        siege.refused("the other", eesmn.sign(version=other), version, rules.SOAP_VERSION)
        mixed = eesmn.sign(version=version).replace(version.value.encode(), other.value.encode(), 1)
        siege.refused("mixed", mixed, version)
        own = eesmn.sign(version=version)
        at = own.rindex(version.value.encode())
        siege.refused("its last", own[:at] + other.value.encode() + own[at + len(version.value) :], version)


MEDIA_TYPES: Final = (
    'multipart/related; boundary=b; type="text/xml"; start="<a>"',
    'multipart/related; boundary=b; type="application/xop+xml"',
    'multipart/related; boundary=b; type="application/xop+xml"; start-info="application/soap+xml"',
    "multipart/mixed; boundary=b", "multipart/form-data; boundary=b", 'application/xop+xml; type="text/xml"',
    "application/xop+xml", "message/rfc822", "application/fastinfoset", "application/soap+fastinfoset",
    "application/soap+msbin1", "application/dime", "application/x-gzip", "application/octet-stream",
    "application/json", "application/xml", "application/xhtml+xml", "text/html", "text/plain",
    "application/x-www-form-urlencoded", "application/mtom+xml", "image/svg+xml", "*/*", "", "text/xml+soap",
    "text/xmlx", "text", "/", "text/xml/x", "multipart/related; boundary=" + "b" * 5_000,
)  # fmt: skip
INCLUDES: Final = ("cid:a", "CANARY", "file:///etc/passwd", "cid:root", "data:,x", "cid:%00", "cid:b%40c", "../x")


def test_packages_and_media_types(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """A MIME package is refused by its type: its parts are not counted, nothing is included, nothing is unpacked."""
    with besiege(place, least=45) as siege:
        message = eesmn.sign(version=version)
        part = b"--b\r\nContent-Type: %b\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        package = part % MEDIA[version].encode() + message + b"\r\n--b--\r\n"
        for media in MEDIA_TYPES:
            for octets in (package, message):
                siege.refused(media, octets, version, rules.HTTP_MEDIA, rules.ATTACHMENTS, media=media)
        bombs = {
            "100,000 parts": b"--b\r\n\r\nx\r\n" * 100_000,
            "a head of a megabyte": b"--b\r\nContent-Type: " + b"x" * 1_000_000 + b"\r\n\r\n",
            "parts in parts": b"".join(
                b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" for _ in range(10_000)
            ),
        }
        for name, octets in bombs.items():
            siege.refused(name, octets, version, rules.ATTACHMENTS, media="multipart/related; boundary=b")
        for target in INCLUDES:
            lured = target.replace("CANARY", siege.canary.url)
            include = f'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="{lured}"/>'
            body = GET_PERSON.replace(b"5ABC123", include.encode())
            siege.refused(target, eesmn.sign(body, version=version), version, rules.SCH_REQUEST)


def test_content_codings(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Bombs, nests, lies and other codings: each ends at the limit or at the first contradiction."""
    message = eesmn.sign(version=version)
    packed = gzip.compress(message, mtime=0)
    forms: dict[str, tuple[str, bytes]] = {
        "a bomb": ("gzip", gzip.compress(bytes(60_000_000), 9, mtime=0)),
        "a bomb of members": ("gzip", gzip.compress(bytes(600_000), 9, mtime=0) * 100),
        "packed twice": ("gzip", gzip.compress(packed, mtime=0)),
        "packed twice, and says so": ("gzip, gzip", gzip.compress(packed, mtime=0)),
        "deflate": ("deflate", zlib.compress(message)),
        "not packed": ("gzip", message),
        "cut": ("gzip", packed[:-9]),
        "a false sum": ("gzip", packed[:-8] + b"\0\0\0\0" + packed[-4:]),
        "a false length": ("gzip", packed[:-4] + b"\xff\xff\xff\xff"),
        "something after it": ("gzip", packed + b"<x/>"),
        "a second member": ("gzip", packed + gzip.compress(b"<x/>", mtime=0)),
        "zlib": ("gzip", zlib.compress(message)),
        "another method": ("gzip", packed[:2] + b"\x07" + packed[3:]),
        "reserved flags": ("gzip", packed[:3] + b"\xe0" + packed[4:]),
        "a name without an end": ("gzip", packed[:3] + b"\x08" + packed[4:10] + b"x" * 100_000),
        "x-gzip twice": ("x-gzip, identity, x-gzip", packed),
        "br": ("br", packed),
        "an unknown one": ("${jndi:x}", message),
        "identity and gzip": ("identity, gzip", message),
        "nothing": ("gzip", b""),
    }
    with besiege(place, least=0) as siege:
        for name, (coding, octets) in forms.items():
            reply = siege.send(octets, version, http={"Content-Encoding": coding})
            assert reply.status in (400, 413, 415, 500), (name, reply.status)
            assert not reply.code or reply.code in (
                "TooLarge",
                "UnsupportedMedia",
                "MalformedMessage",
                "SignatureMissing",
            ), (
                name,
                reply.code,
            )
            assert place.provider.journal == [], name
            if reply.code:
                siege.note(reply)
