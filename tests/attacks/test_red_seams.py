"""The seam between what was signed, what was judged and what is forwarded: families of lawful but hostile spellings.

For each form, either the message is refused, soundly and with nothing delivered; or the provider gets exactly the
payload that was signed, no identifier stands twice, and every signature in what it gets holds by libxmlsec.
"""

import base64
import hashlib
import itertools
from collections.abc import Callable, Sequence

import pytest
from cryptography import x509
from lxml import etree
from support.client import GET_PERSON, NS, WSU_ID, Consumer
from support.handmade import Choices, _value, handmade
from support.place import Place
from support.provider import Given, envelope11, envelope12
from support.soundness import expect_as_signed, expect_sound, verify_each
from support.way import MEDIA, Asker, Exchange, expect_person, granted

from esb.kernel import namespaces as ns
from esb.kernel.directory import Judgement, SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion

OTHER = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}
OUR_PREFIXES = ("soap", "wsu", "wsse", "exch", "ds", "ec", "S", "p", "xsi", "soap1")


@pytest.fixture(scope="module")
def services(attacked: Place) -> dict[str, ServiceId]:
    """One resource for each way to a provider."""
    made = {mode.value: granted(attacked, f"DIN/IAMAS/Seam-{mode.value}/v1", signature=mode) for mode in SignatureMode}
    for version in SoapVersion:
        name = f"to{version.name}"
        made[name] = granted(attacked, f"DIN/IAMAS/Seam-{name}/v1", provider_version=version)
    made["off"] = granted(attacked, "DIN/IAMAS/Seam-off/v1", judge_request=Judgement.OFF, judge_answer=Judgement.OFF)
    return made


WAYS = ("bus", "carry", "none", "toV11", "toV12", "off")


def own(place: Place) -> x509.Certificate:
    return x509.load_pem_x509_certificate(place.settings.keys.certificate.read_bytes())


def expect_right(exchange: Exchange, way: str, consumer: Consumer) -> bool:
    """Check an exchange in every respect; returns whether it was delivered."""
    expect_sound(exchange)
    if not exchange.delivered:
        assert exchange.reply.code
        return False
    root = expect_as_signed(exchange)
    assert consumer.certificate is not None
    signers = {"none": [], "carry": [own(exchange.place), consumer.certificate]}.get(way, [own(exchange.place)])
    for covered in verify_each(root, signers):
        assert {"Body", "Timestamp"} <= set(covered)
    return True


def signed(
    consumer: Consumer,
    body: bytes,
    version: SoapVersion,
    root: str,
    prefixes: Sequence[str],
    body_id: str | None = None,
) -> bytes:
    """A message whose every reference, and SignedInfo itself, has the same PrefixList."""
    tree = etree.fromstring(handmade(consumer, body, version, choices=Choices(root=root)))
    signature = next(tree.iter(f"{{{ns.DS}}}Signature"))
    if body_id is not None:
        before = tree[-1].get(WSU_ID)
        tree[-1].set(WSU_ID, body_id)
        for reference in signature.iter(f"{{{ns.DS}}}Reference"):
            if reference.get("URI") == f"#{before}":
                reference.set("URI", f"#{body_id}")
    parts = {element.get(WSU_ID): element for element in tree.iter(etree.Element)}
    for reference in signature.iter(f"{{{ns.DS}}}Reference"):
        if prefixes:
            transform = next(reference.iter(f"{{{ns.DS}}}Transform"))
            listed = etree.SubElement(transform, f"{{{ns.EXC_C14N}}}InclusiveNamespaces", nsmap={"ec": ns.EXC_C14N})
            listed.set("PrefixList", " ".join(prefixes))
        octets = etree.tostring(
            parts[reference.get("URI")[1:]], method="c14n", exclusive=True, inclusive_ns_prefixes=list(prefixes) or None
        )
        reference[2].text = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    _value(signature, consumer, Choices())
    return etree.tostring(tree)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("binding", ["unbound", "elsewhere", "root", "body"])
def test_listed_prefixes_that_the_bus_uses_too(
    asker: Asker, eesmn: Consumer, services: dict[str, ServiceId], version: SoapVersion, way: str, binding: str
) -> None:
    """A PrefixList makes a part's form depend on what stands around it, and around it now stands the bus's envelope."""
    free = [prefix for prefix in OUR_PREFIXES if prefix not in ("S", "wsse", "wsu", "ds", "p")]
    root, body = "", GET_PERSON
    if binding in ("elsewhere", "root"):
        root = " ".join(f'xmlns:{prefix}="urn:{binding}:{prefix}"' for prefix in free)
    elif binding == "body":
        declared = " ".join(f'xmlns:{prefix}="urn:b:{prefix}"' for prefix in free)
        body = GET_PERSON.replace(b"<p:GetPerson ", f"<p:GetPerson {declared} ".encode())
    for prefixes in (OUR_PREFIXES, ("soap",), ("wsu", "wsse"), ("exch", "ec")):
        message = signed(eesmn, body, version, root, prefixes)
        expect_right(asker.send(message, version, services[way]), way, eesmn)


@pytest.mark.parametrize("way", WAYS)
def test_identifiers_like_the_buses_own(
    asker: Asker, eesmn: Consumer, services: dict[str, ServiceId], version: SoapVersion, way: str
) -> None:
    exchange = asker.ask(eesmn).reply.exchange
    names = [
        f"{begin}{end}"
        for begin, end in itertools.product(("TS-", "X509-", "SIG-", "forwarded-", "body-"), (exchange, "x"))
    ]
    for name in (*names, "x" * 256, "a.b-c:d", "ə"):
        message = signed(eesmn, GET_PERSON, version, "", (), name)
        assert expect_right(asker.send(message, version, services[way]), way, eesmn)


INSIDE = [
    '<p:like xmlns:i="{xsi}" i:type="soap:Person">{person}</p:like>',
    '<p:like xmlns:i="{xsi}" i:type="exch:Person">{person}</p:like>',
    '<p:like xmlns:i="{xsi}" i:type="Person">{person}</p:like>',
    '<p:like xmlns:i="{xsi}" i:type="p:Citizen">{person}<p:passport>A</p:passport></p:like>',
    '<p:like xml:base="http://evil.example/" xml:lang="az" xml:space="preserve" xml:id="x">{person}</p:like>',
    '<p:like soap:mustUnderstand="1" xmlns:soap="{soap}">{person}</p:like>',
    '<p:like xmlns="urn:example:person">{person}</p:like>',
    '<p:like xmlns:wsu="urn:other" wsu:Id="B">{person}</p:like>',
    '<p:like xmlns:q="{wsu}" q:Id="B-1">{person}</p:like>',
    '<p:like Id="TS-1" ID="B-1" id="B-1">{person}</p:like>',
    '<p:like href="#TS-1">{person}</p:like>',
    '<S:Body xmlns:S="{soap}"/>',
    '<S:Header xmlns:S="{soap}"><x/></S:Header>',
    '<e:Forwarded xmlns:e="urn:shluz:exchange:1"/>',
    '<wsse:Security xmlns:wsse="{wsse}"/>',
    '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>',
    "<p:remark><![CDATA[</p:remark></S:Body>]]></p:remark>",
    "<p:remark>&#xD;&#x9;&#xA;&quot;&gt;&amp;lt;\u2028\u202e\ufdfa</p:remark>",
    "<p:remark>a<!-- split -->b<!---->c</p:remark>",
]


@pytest.mark.parametrize("way", ["bus", "carry", "toV11", "off"])
@pytest.mark.parametrize("inside", INSIDE)
def test_what_stands_in_a_body(
    asker: Asker, eesmn: Consumer, services: dict[str, ServiceId], version: SoapVersion, way: str, inside: str
) -> None:
    person = "<p:fin>5ABC123</p:fin><p:surname>A</p:surname><p:name>B</p:name><p:born>1990-01-01</p:born>"
    filled = inside.format(xsi=ns.XSI, soap=version.value, wsu=ns.WSU, wsse=ns.WSSE, person=person)
    body = GET_PERSON.replace(b"</p:GetPerson>", filled.encode() + b"</p:GetPerson>")
    for prefixes in ((), ("soap", "i", "p")):
        expect_right(asker.send(signed(eesmn, body, version, "", prefixes), version, services[way]), way, eesmn)


ANSWERS = [
    '<p:note xmlns:soap="urn:other" soap:Id="B">soap:x</p:note>',
    '<p:note xmlns:wsu="{wsu}" wsu:Id="body-x" Id="TS-x">wsu:Id</p:note>',
    '<p:note><S:Fault xmlns:S="{soap}"><faultcode>S:Client</faultcode></S:Fault></p:note>',
    '<p:note><soap:Fault xmlns:soap="{soap}"/></p:note>',
    '<p:note xmlns:exch="urn:shluz:exchange:1"><exch:Receipt/></p:note>',
    '<p:note xmlns:e="urn:shluz:exchange:1"><e:Fault><e:code>Replay</e:code></e:Fault></p:note>',
    '<p:note xmlns:wsse="{wsse}"><wsse:Security/></p:note>',
    '<p:note xmlns:i="{xsi}" xmlns:xs="http://www.w3.org/2001/XMLSchema" i:type="xs:QName">xs:int</p:note>',
    '<p:note xmlns:ə="urn:ə">ə:ad</p:note>',
    '<p:note xmlns="urn:d"><d xmlns="">soap:x exch:y wsu:z</d></p:note>',
    '<p:note xml:base="http://evil.example/" xml:lang="az">&#xD;&#x9;]]&gt;</p:note>',
    "<p:note>xmlns:soap=&quot; xmlns:wsu= &lt;soap:Fault&gt;</p:note>",
]


@pytest.mark.parametrize("way", ["bus", "toV11", "off"])
@pytest.mark.parametrize("note", ANSWERS)
def test_what_stands_in_an_answer(
    asker: Asker, place: Place, services: dict[str, ServiceId], version: SoapVersion, way: str, note: str
) -> None:
    """Whatever it is, the consumer gets it signed so that libxmlsec agrees, as the provider wrote it, or a fault."""
    speaks = {"toV11": SoapVersion.V11, "toV12": SoapVersion.V12}.get(way, version)
    filled = note.format(xsi=ns.XSI, soap=speaks.value, wsu=ns.WSU, wsse=ns.WSSE)
    content = (
        '<p:GetPersonResponse xmlns:p="urn:example:person"><p:person><p:fin>5ABC123</p:fin><p:surname>A</p:surname>'
        f"<p:name>B</p:name><p:born>1990-01-01</p:born>{filled}</p:person></p:GetPersonResponse>"
    ).encode()
    given = envelope11(content) if speaks is SoapVersion.V11 else envelope12(content)
    place.provider.answer = lambda _: Given(given, media=MEDIA[speaks])
    exchange = asker.ask(version=version, service=services[way])
    expect_sound(exchange)
    if exchange.reply.status == 200:
        wanted, got = etree.fromstring(content), exchange.reply.payload
        texts = list(zip(wanted.iter(etree.Element), got.iter(etree.Element), strict=True))
        assert all((a.tag, a.text, sorted(a.items())) == (b.tag, b.text, sorted(b.items())) for a, b in texts)
        assert exchange.reply.root.findall("*/exch:Receipt", NS), "one receipt, and it is the bus's"
    else:
        assert exchange.reply.code in ("SchemaViolation", "ProviderFault")
    place.provider.reset()


HEADERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("a second Header", lambda message: message.replace(b"</S:Header>", b"</S:Header><S:Header/>", 1)),
    ("another Body before", lambda message: message.replace(b"<S:Body ", b"<S:Body/><S:Body ", 1)),
    (
        "an id on the Envelope",
        lambda message: message.replace(b"<S:Envelope ", b'<S:Envelope Id="%b" ' % body_id(message), 1),
    ),
    (
        "an xml:id on the Header",
        lambda message: message.replace(b"<S:Header", b'<S:Header xml:id="%b"' % body_id(message), 1),
    ),
    (
        "a foreign id",
        lambda message: message.replace(b"<S:Header", b'<S:Header xmlns:z="z:z" z:ID="%b"' % body_id(message), 1),
    ),
    ("a text in the Header", lambda message: message.replace(b"</S:Header>", b"x</S:Header>", 1)),
    ("a CDATA in the Body", lambda message: message.replace(b"</S:Body>", b"<![CDATA[x]]></S:Body>", 1)),
    ("a PI", lambda message: message.replace(b"</S:Header>", b"<?x y?></S:Header>", 1)),
    ("a PI after the end", lambda message: message + b"<?x y?>"),
    ("a second Timestamp", lambda message: message.replace(b"<wsu:Timestamp", b"<wsu:Timestamp/><wsu:Timestamp", 1)),
    ("a relative namespace", lambda message: message.replace(b"<S:Header>", b'<S:Header xmlns:r="rel"><r:x/>', 1)),
]


def body_id(message: bytes) -> bytes:
    return str(etree.fromstring(message)[-1].get(WSU_ID)).encode()


@pytest.mark.parametrize("name", [name for name, _ in HEADERS])
def test_what_is_changed_after_signing(asker: Asker, eesmn: Consumer, version: SoapVersion, name: str) -> None:
    change = dict(HEADERS)[name]
    exchange = asker.send(change(handmade(eesmn, version=version)), version)
    expect_sound(exchange)
    if exchange.delivered:
        expect_as_signed(exchange)
        assert name == "a relative namespace"
    expect_person(asker.ask(version=version))
