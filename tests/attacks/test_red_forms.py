"""A holder of a registered key teaches the bus a form of his own making, and then sends a message that fits it.

Whatever he teaches, a verifier that remembers must say of the next message what one says that remembers nothing: about
who signed, about each part, its octets and its identifier, about times, and about why it is refused.  Likewise what is
taken from octets as they came must be the canonical form, and what is written or recorded quickly must keep its order.
"""

import base64
import contextlib
import hashlib
import random
import re
import socket
from dataclasses import replace
from types import SimpleNamespace

import pytest
from support.rig import party
from twisted.internet import reactor
from twisted.internet.tcp import Connection

from esb.audit.record import WRITTEN, NotWritten
from esb.audit.writer import EvidenceWriter
from esb.certs.canonical import exclusive
from esb.certs.index import build_index
from esb.certs.plain_info import read_plain
from esb.certs.profile import SignatureLimits
from esb.certs.timestamp import read_plain_timestamp, read_timestamp
from esb.certs.verbatim import may_be_verbatim
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.message import SignedPart
from esb.kernel.soap import open_envelope
from esb.kernel.xml import XmlLimits, canonicalize, parse_message
from esb.stages.verify import payload_of
from esb.transport.writing import write

INDEX = build_index([party("EESMN").known, party("DIN").known])
SECURITY, TOKEN = f"{{{ns.WSSE}}}Security", f"{{{ns.WSSE}}}BinarySecurityToken"
SIGNATURE, SIGNED_INFO, TIMESTAMP = f"{{{ns.DS}}}Signature", f"{{{ns.DS}}}SignedInfo", f"{{{ns.WSU}}}Timestamp"
CONFIRMATION = f'<c:SignatureConfirmation xmlns:c="{ns.WSSE11}"%s</c:SignatureConfirmation>'


# Messages written and signed by hand, octet by octet.


def listed(prefixes):
    return "" if prefixes is None else f'<e:InclusiveNamespaces xmlns:e="{ns.EXC_C14N}" PrefixList="{prefixes}"/>'


def reference(number, name, prefixes=None):
    return (
        f'<ds:Reference URI="#{name}"><ds:Transforms><ds:Transform Algorithm="{ns.EXC_C14N}">{listed(prefixes)}'
        f'</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="{ns.SHA256}"/>'
        f"<ds:DigestValue>@{number}@</ds:DigestValue></ds:Reference>"
    )


def written(
    *,
    body="B",
    stamp="T",
    token="X",
    signature="S",
    blocks="",
    after="",
    inside="",
    root="",
    header="",
    security="",
    stamp_more="",
    body_more="",
    token_more="",
    key_more="",
    first="",
    expires="<wsu:Expires>2026-09-21T14:18:20Z</wsu:Expires>",
    space="",
    order="Tts",
    also=(),
    list_of_info=None,
    list_of_parts=None,
    payload='<p:G xmlns:p="urn:p"><p:f>1</p:f></p:G>',
):
    """A message before it is signed: ``@0@`` and so on stand for digests, ``@value@`` and ``@token@`` for theirs."""
    names = [body, stamp, *also]
    references = "".join(reference(number, name, list_of_parts) for number, name in enumerate(names))
    parts = {
        "T": f'<wsse:BinarySecurityToken EncodingType="{ns.BASE64_BINARY}" ValueType="{ns.X509_V3}" '
        f'wsu:Id="{token}"{token_more}>@token@</wsse:BinarySecurityToken>',
        "t": f'<wsu:Timestamp wsu:Id="{stamp}"{stamp_more}><wsu:Created>2026-09-21T14:13:20Z</wsu:Created>{space}'
        f"{expires}</wsu:Timestamp>",
        "s": f'<ds:Signature Id="{signature}"><ds:SignedInfo>{space}<ds:CanonicalizationMethod '
        f'Algorithm="{ns.EXC_C14N}">{listed(list_of_info)}</ds:CanonicalizationMethod><ds:SignatureMethod '
        f'Algorithm="{ns.ECDSA_SHA256}"/>{references}</ds:SignedInfo><ds:SignatureValue>@value@</ds:SignatureValue>'
        f'<ds:KeyInfo><wsse:SecurityTokenReference{key_more}><wsse:Reference URI="#{token}"/>'
        "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>",
    }
    return (
        f'{first}<S:Envelope xmlns:S="{ns.SOAP11}" xmlns:wsse="{ns.WSSE}" xmlns:wsu="{ns.WSU}" xmlns:ds="{ns.DS}" '
        f'xmlns:x="urn:x"{root}><S:Header{header}>{blocks}<wsse:Security{security}>'
        f"{space.join(parts[part] for part in order)}{inside}</wsse:Security>{after}</S:Header>"
        f'<S:Body wsu:Id="{body}"{body_more}>{payload}</S:Body></S:Envelope>'
    ).encode()


def ours(envelope):
    """The Security header that holds the Signature."""
    return next(block for block in envelope.blocks if block.tag == SECURITY and block.find(SIGNATURE) is not None)


def prefixes_in(element):
    found = next(element.iter(f"{{{ns.EXC_C14N}}}InclusiveNamespaces"), None)
    return () if found is None else tuple(found.get("PrefixList").split())


def signed(data, who="EESMN"):
    """Fill in what :func:`written` left open."""
    data = data.replace(b"@token@", base64.b64encode(party(who).known.der))
    envelope = opened(data)
    security = ours(envelope)
    parts = (envelope.body, *security, *(block for block in envelope.blocks if block is not security))
    for number, each in enumerate(security.find(SIGNATURE)[0][2:]):
        name = each.get("URI")[1:]
        part = next(part for part in parts if name in (part.get(f"{{{ns.WSU}}}Id"), part.get("Id")))
        digest = hashlib.sha256(exclusive(part, prefixes_in(each))).digest()
        data = data.replace(b"@%d@" % number, base64.b64encode(digest))
    info = ours(opened(data)).find(SIGNATURE)[0]
    return data.replace(
        b"@value@", base64.b64encode(party(who).signer._key.sign(exclusive(info, prefixes_in(info[0]))))
    )


def opened(data):
    return open_envelope(parse_message(data, XmlLimits()), data)


def said(verifier, data, index=INDEX):
    """All that a verifier says, with elements by their places."""
    envelope = opened(data)
    tree = envelope.root.getroottree()
    try:
        found = verifier.verify(envelope, index)
    except Refusal as refusal:
        return refusal.rule.id, refusal.reason, dict(refusal.particulars)
    parts = [
        (tree.getpath(part.element), part.id, part.canonical, part.prefixes, part.sha256)
        for part in (found.body, found.timestamp, *found.blocks)
    ]
    places = [tree.getpath(each) for each in (found.security, found.signature, found.token)]
    return (
        found.signer.owner,
        found.signer.sha256,
        parts,
        places,
        found.algorithm,
        found.identity,
        found.created,
        found.expires,
    )


def taught(*models, index=INDEX):
    verifier = Verifier(SignatureLimits())
    for model in models:
        assert len(said(verifier, model, index)) > 3
    return verifier


def agree(verifier, data, index=INDEX):
    """Whether the form was known; in any case both verifiers said the same."""
    known = verifier._forms.find(data) is not None
    assert said(verifier, data, index) == said(Verifier(SignatureLimits()), data, index)
    return known


# Lawful and odd.

ODD = {
    "as it should be": {},
    "> in attributes": {"blocks": '<x:F a="1>2" b=\'"/>\'/>', "body_more": ' a=">"', "security": " a='/>'"},
    "a block named Body": {"blocks": "<x:Body><x:Body>{n}</x:Body></x:Body>"},
    "a prefix named Body": {"blocks": '<Body:Body xmlns:Body="urn:x"><Body:Envelope/>{n}</Body:Body>'},
    "Security in another namespace": {"after": '<x:Security Id="Q{n}"><x:Signature/></x:Security>'},
    "Security for another actor": {
        "blocks": '<wsse:Security S:actor="urn:other"><wsu:Timestamp wsu:Id="Q{n}"/></wsse:Security>'
    },
    "an envelope in a block": {
        "after": '<x:F><S:Envelope><S:Header><wsse:Security><wsu:Timestamp Id="Q{n}"><wsu:Created>{n} > 1</wsu:Created>'
        "</wsu:Timestamp></wsse:Security></S:Header></S:Envelope></x:F>"
    },
    "digests and times in a block": {
        "blocks": "<x:F><ds:DigestValue>{n}</ds:DigestValue><wsu:Created>{n}</wsu:Created>"
        "<wsu:Expires>2020-01-01T00:00:{n}0Z</wsu:Expires><ds:SignatureValue>{n}</ds:SignatureValue></x:F>"
    },
    "a token in a block": {"blocks": "<x:BinarySecurityToken>AAAA</x:BinarySecurityToken>"},
    "references to nothing": {"blocks": '<x:F URI="#none{n}"><x:G x:URI="#other{n}"/></x:F>'},
    "signed blocks, last first": {
        "blocks": '<x:A Id="A{n}">{n}</x:A><x:C wsu:Id="C{n}">"{n}</x:C>',
        "also": ["C{n}", "A{n}"],
    },
    "a signed token": {"also": ["X{n}"], "list_of_parts": "x wsse", "token_more": ' Id="x{n}"'},
    "lists of prefixes bound above": {"root": ' xmlns:q="urn:q"', "list_of_parts": "q x S", "list_of_info": "q xml ds"},
    "the default namespace listed": {"root": ' xmlns="urn:q"', "list_of_parts": "#default", "list_of_info": "#default"},
    "two identifiers on one element": {"body_more": ' Id="b{n}" id="B{n}"', "stamp_more": ' Id="T{n}"'},
    "signed by its other identifier": {"stamp_more": ' Id="t{n}"', "also": []},
    "a declaration": {"first": "<?xml version='1.0'  encoding=\"utf-8\" ?>\r\n"},
    "a byte-order mark": {"first": "\ufeff"},
    "other order, white space": {"order": "stT", "space": "\n\t"},
    "no end": {"expires": ""},
    "a confirmation": {"inside": CONFIRMATION % ' wsu:Id="Q{n}"><x:y>1</x:y>'},
    "texts with quotes": {"blocks": "<x:F>\"B{n}\" ='T{n}' ]] > {n} \u0259</x:F>"},
    "the identifier in the content": {"payload": '<G a="B{n}">"T{n}" Id="B{n}"</G>'},
    "references to characters in the content": {"payload": '<G a="&#66;{n}" id="&#81;">&amp;</G>'},
    "xml:space": {"blocks": '<x:F xml:space="preserve" xml:id="Q"> {n} </x:F>', "body_more": ' xml:lang="az"'},
}


def numbered(more, number):
    names = {name: f"{name[0].upper()}{number}" for name in ("body", "stamp", "token", "signature")}
    names.update(stamp=f"T{number}", token=f"X{number}")

    def put(value):
        return value.replace("{n}", str(number)) if isinstance(value, str) else [put(each) for each in value]

    return signed(written(**names, **{key: value if value is None else put(value) for key, value in more.items()}))


@pytest.mark.parametrize("odd", ODD)
def test_odd_messages_are_understood_alike_the_second_time(odd):
    verifier = taught(numbered(ODD[odd], 1))
    for number in (2, 3):
        agree(verifier, numbered(ODD[odd], number))


def test_most_odd_messages_are_learnt_from():
    learnt = [odd for odd in ODD if agree(taught(numbered(ODD[odd], 1)), numbered(ODD[odd], 2))]
    assert len(learnt) > len(ODD) // 2


@pytest.mark.parametrize("second", ODD)
def test_a_form_does_not_reach_messages_of_another(second):
    verifier = taught(*(numbered(ODD[odd], 1) for odd in list(ODD)[:8] if odd != second))
    agree(verifier, numbered(ODD[second], 2))


# Any structure, any identifiers, any two of them equal.

ATTRIBUTES = ["Id", "id", "ID", "xml:id", "wsu:Id", "x:Id", "a", "x:URI", "URI", "xmlns:z", "ds:Id"]
LOCALS = ["F", "Security", "Header", "Body", "Envelope", "Created", "Reference", "DigestValue", "Signature"]


def structure(chance):
    """Keyword arguments of :func:`written` in which ``{0}`` to ``{4}`` are constants and ``{5}`` to ``{13}`` names."""

    def attributes(names, most):
        chosen = chance.sample(names, chance.randint(0, most))
        text = ""
        for name in chosen:
            hollow = name.endswith(("Id", "URI")) and not name.startswith("xmlns")
            number = chance.randint(9, 13) if hollow else chance.randint(0, 4)
            quote = chance.choice("\"'")
            text += f" {name}={quote}{'#' if name.endswith('URI') else ''}{{{number}}}{quote}"
        return text

    def block(depth=0):
        inner = "".join(block(depth + 1) for _ in range(chance.randint(0, 2 - depth)))
        name = chance.choice(["", "x:", "wsu:", "ds:"]) + chance.choice(LOCALS)
        text = inner or chance.choice(["", "t", " > '\"", "{5}"])
        return (
            f"<{name}{attributes(ATTRIBUTES, 2)}>{text}</{name}>" if text else f"<{name}{attributes(ATTRIBUTES, 2)}/>"
        )

    payloads = ["<G>{%d}</G>", '<G id="{%d}"/>', "<G Id='{%d}'/>", '<G a="{%d}">&amp;</G>', '<G ID="&#65;{%d}"/>']
    return {
        "body": "{5}",
        "stamp": "{6}",
        "token": "{7}",
        "signature": "{8}",
        "blocks": "".join(block() for _ in range(chance.randint(0, 2))),
        "after": block() if chance.random() < 0.3 else "",
        "inside": CONFIRMATION % f">{block()}" if chance.random() < 0.2 else "",
        "root": chance.choice(["", ' xmlns="urn:d"']) + attributes(["a", "id", "wsu:Id"], 1),
        "header": attributes(["a", "id", "wsu:Id"], 1),
        "security": attributes(["a", "id", "Id", "wsu:Id", "URI"], 2),
        "stamp_more": attributes(["a", "x:Id", "ID", "URI"], 2),
        "key_more": attributes(["Id"], 1),
        "order": chance.choice(["Tts", "tTs", "stT", "sTt"]),
        "space": chance.choice(["", "\n  "]),
        "also": chance.choice([[], ["{7}"]]),
        "list_of_parts": chance.choice([None, None, "x S", "#default"]),
        "list_of_info": chance.choice([None, None, "x wsu"]),
        "payload": chance.choice(payloads) % chance.randint(0, 13),
    }


def filled(form, values):
    def put(value):
        return re.sub(r"\{(\d+)\}", lambda found: values[int(found.group(1))], value)

    return written(
        **{
            key: put(value) if isinstance(value, str) else value if value is None else [put(each) for each in value]
            for key, value in form.items()
        }
    )


@pytest.mark.parametrize("seed", range(4))
def test_any_form_and_any_names_get_the_same_verdict(seed):
    chance = random.Random(seed)
    known = 0
    for _ in range(180):
        form = structure(chance)
        constants = [f"c{number}" for number in range(5)]
        names = [f"n{number}" for number in range(5, 14)]
        if chance.random() < 0.3:
            names[chance.randint(4, 8)] = chance.choice(names)
        try:
            verifier = taught(signed(filled(form, constants + names)))
        except (Refusal, AssertionError):
            continue  # not lawful in the first place
        for number in range(5):
            others = [f"m{number}-{each}" for each in range(9)]
            for _ in range(chance.randint(0, 3)):
                others[chance.randrange(9)] = chance.choice([*names, *constants, *others])
            constants[chance.randrange(5)] = chance.choice([*constants, *constants, names[0]])
            try:
                data = signed(filled(form, constants + others))
            except Refusal:
                continue  # no XML, or no canonical form
            known += agree(verifier, data)  # which learns from these as well
    assert known > 30


# Others' tokens, and a registry that changes.


def test_a_token_text_in_anothers_message_lends_nobody_a_name():
    theirs = base64.b64encode(party("EESMN").known.der).decode()
    lure = f"<x:BinarySecurityToken>{theirs}</x:BinarySecurityToken>"
    verifier = taught(*(signed(written(body=f"B{number}", blocks=lure), "DIN") for number in range(3)))
    for who in ("DIN", "EESMN"):
        for blocks in ("", lure):
            data = signed(written(body=f"C{who}", blocks=blocks), who)
            assert said(verifier, data)[0] == who
            agree(verifier, data)


def test_a_value_made_with_another_key_is_none_in_a_known_form():
    verifier = taught(signed(written()))
    data = signed(written(body="B2"))
    stolen = re.search(rb"<ds:SignatureValue>[^<]*", signed(written(body="B2"), "DIN")).group()
    data = re.sub(rb"<ds:SignatureValue>[^<]*", stolen, data)
    assert agree(verifier, data)
    assert said(verifier, data)[0] == "SIG-08"


def test_the_registry_of_now_says_whose_a_certificate_is():
    verifier = taught(signed(written()))
    data = signed(written(body="B2"))
    known = party("EESMN").known
    registries = [
        build_index([]),
        build_index([party("DIN").known]),
        build_index([replace(known, owner="DSMF")]),
        build_index([known, replace(known, owner="DSMF")]),
        INDEX,
    ]
    for registry in registries:
        assert agree(verifier, data, registry)
    assert said(verifier, data, registries[2])[0] == "DSMF"
    assert said(verifier, data, registries[3])[0] == "CRT-01"


def test_another_set_of_limits_has_learnt_nothing():
    taught(signed(written()))
    strict = Verifier(SignatureLimits(references=1))
    assert said(strict, signed(written(body="B2")))[0] == "SIG-11"


# Octets taken as they came.

SPELLINGS = [
    (rb'(wsu:Id)="([^"]*)"', rb"\1='\2'"),
    (rb"<(ds:\w+|wsu:\w+)>", rb"<\1 >"),
    (rb"</(ds:SignedInfo|wsu:Timestamp|ds:Reference|wsu:Created)>", rb"</\1\n>"),
    (rb"/>", b" />"),
    (rb"<(ds:\w+Method)([^>/]*)/>", rb"<\1\2></\1>"),
    (rb"<ds:SignedInfo", f'<ds:SignedInfo xmlns:ds="{ns.DS}"'.encode()),
    (rb"<ds:SignedInfo", f'<ds:SignedInfo xmlns:x="urn:x" xmlns:ds="{ns.DS}"'.encode()),
    (rb"<wsu:Timestamp", f'<wsu:Timestamp xmlns:wsu="{ns.WSU}"'.encode()),
    (rb"<wsu:Timestamp", f'<wsu:Timestamp  xmlns:wsu="{ns.WSU}"'.encode()),
    (rb"<wsu:Timestamp", b'<wsu:Timestamp a="1" xmlns="urn:q"'),
    (rb"<wsu:Created>", b'<wsu:Created xmlns:wsu="%s">' % ns.WSU.encode()),
    (rb"<S:Header>", b"<S:Header><!-- <ds:SignedInfo> <wsu:Timestamp> -->"),
    (rb"<S:Header>", b"<S:Header><x:F><![CDATA[</ds:SignedInfo>]]></x:F>"),
    (rb"<S:Header>", b"<S:Header><x:F><ds:SignedInfo/><wsu:Timestamp/></x:F>"),
    (rb"<S:Header>", b"<S:Header><ds:SignedInfoLike/><wsu:Timestamps/>"),
    (rb"(<x:F)", rb'\1 a="&lt;ds:SignedInfo>"'),
    (rb"(<wsu:Created>)", b"\\1 "),
    (rb"(<wsu:Created>)", b"\\1\r\n"),
    (rb"(14:13:20)Z", rb"\1&#90;"),
    (rb"(Algorithm=\")h", rb"\1&#104;"),
    (rb"ds:", b""),
    (rb"(<ds:DigestValue>.)", b"\\1\r\n"),
    (rb"(<ds:DigestValue>.{5})", rb"\1<![CDATA[]]>"),
    (rb'URI="#B"', b'URI="#&#66;"'),
    (rb'URI="#B"', b'URI="#B" Type=""'),
]


def test_what_is_taken_as_it_came_is_the_canonical_form():
    chance = random.Random(7)
    plain = signed(written(blocks="<x:F/>"))
    taken = 0
    for _ in range(1500):
        data = plain
        for pattern, instead in chance.sample(SPELLINGS, chance.randint(0, 3)):
            data = re.sub(pattern, instead, data, count=chance.choice([0, 1]))
        data = data.replace(b"xmlns:=", b"xmlns=")
        try:
            envelope = opened(data)
        except Refusal:
            continue
        if not may_be_verbatim(data):
            continue
        for info in envelope.root.iter(SIGNED_INFO):
            found = read_plain(info, SignatureLimits(), data) if len(info) else None
            if found is not None:
                taken += 1
                assert found[1] == canonicalize(info)
        for stamp in envelope.root.iter(TIMESTAMP):
            read = read_plain_timestamp(stamp, data) if len(stamp) else None
            if read is not None:
                taken += 1
                assert read.octets == canonicalize(stamp)
                assert (read.created, read.expires) == read_timestamp(stamp)
    assert taken > 500


# The payload of a signed answer.

BOUND = ["a", "b", "S", "wsu", "a.b", "a-b", "_a", "\u0259", "ba"]
VALUES = ["v", ">", "a:b", "' xmlns=", "&quot;", "&#10;", "&lt;/S:Body>", "xmlns:q=&quot;u&quot;", " > ", "\u0259:x"]


def drawn_attributes(chance):
    found = {}
    for _ in range(chance.choice([0, 0, 1, 2])):
        prefix = chance.choice(["", "", *BOUND, "xml"])
        found[(prefix and prefix + ":") + chance.choice(["n", "Id", "lang"])] = chance.choice(VALUES)
    for _ in range(chance.choice([0, 0, 0, 1])):
        prefix = chance.choice(["", *BOUND])
        found["xmlns:" + prefix if prefix else "xmlns"] = chance.choice(["urn:a", "urn:b", ns.SOAP11])
    return "".join(f' {name}="{value}"' for name, value in found.items())


def drawn_element(chance, depth=0):
    prefix = chance.choice(["", *BOUND])
    name = (prefix and prefix + ":") + chance.choice(["G", "Body", "x"])
    texts = ["t", ">", "a:b", "]]&gt;", "<![CDATA[</S:Body>]]>", "\r\n", "&#13;"]
    inner = "".join(
        drawn_element(chance, depth + 1) if chance.random() < 0.5 else chance.choice(texts)
        for _ in range(chance.randint(0, 2) if depth < 3 else 0)
    )
    return f"<{name}{drawn_attributes(chance)}>{inner}</{name}>"


def test_a_payload_cut_out_is_the_payload_canonicalized():
    chance = random.Random(11)
    declared = "".join(f' xmlns:{prefix}="urn:{number}"' for number, prefix in enumerate(BOUND) if prefix != "S")
    cut = 0
    for _ in range(4000):
        default = chance.choice(["", ' xmlns="urn:d"'])
        around = [chance.choice(["", " ", "\n", "\r\n\t", "&#13;", "<!-- < > -->"]) for _ in range(2)]
        data = (
            f'<S:Envelope xmlns:S="{ns.SOAP11}"{declared}{default}>'
            f"<S:Body{drawn_attributes(chance)}>{around[0]}{drawn_element(chance)}{around[1]}</S:Body></S:Envelope>"
        ).encode()
        try:
            envelope = opened(data)
            prefixes = chance.choice([(), (), ("a",)])
            octets = exclusive(envelope.body, prefixes)
        except Refusal:
            continue
        found = payload_of(SignedPart(envelope.body, "b", octets, prefixes, b""))
        if found is not None:
            cut += 1
            assert found == canonicalize(envelope.payload)
    assert cut > 200


# Writing at once.


class Wire(Connection):
    """One end of a real socket pair, which no reactor looks after."""

    def __init__(self, end):
        super().__init__(end, None, reactor)
        self.connected = 1

    def startWriting(self):
        pass

    def stopWriting(self):
        pass

    def stopReading(self):
        pass


class Producer:
    def __init__(self):
        self.paused = False

    def pauseProducing(self):
        self.paused = True

    def resumeProducing(self):
        self.paused = False


@pytest.mark.parametrize("seed", range(3))
def test_octets_arrive_in_order_however_writes_are_mixed(seed):
    chance = random.Random(seed)
    end, theirs = socket.socketpair()
    end.setblocking(False)
    theirs.setblocking(False)
    wire, producer = Wire(end), Producer()
    wire.registerProducer(producer, True)
    sent, got = bytearray(), bytearray()

    def receive():
        with contextlib.suppress(BlockingIOError):
            got.extend(theirs.recv(chance.choice([100, 1 << 20])))

    for number in range(400):
        data = b"%06d." % number * chance.choice([1, 1, 100, 60_000])
        sent += data
        if chance.random() < 0.2:
            wire.write(data)
        elif chance.random() < 0.1:
            wire.writeSequence([data[:7], data[7:]])
        else:
            write(wire, data)
        while producer.paused or chance.random() < 0.3:
            receive()
            assert wire.doWrite() is None
    while len(got) < len(sent):
        receive()
        assert wire.doWrite() is None
    assert got == sent
    wire.loseWriteConnection()
    wire.doWrite()
    write(wire, b"too late")
    wire.doWrite()
    assert theirs.recv(100) == b""
    end.close()
    theirs.close()


# The writer of evidence.


class Store:
    def __init__(self):
        self.got = []
        self.closed = False

    def idle(self):
        pass

    def write(self, batch):
        self.got += [record.number for record in batch]
        return [WRITTEN] * len(batch)

    def close(self):
        assert not self.closed
        self.closed = True


@pytest.mark.parametrize("seed", range(25))
def test_every_record_is_written_once_in_order_and_told_once(seed):
    chance = random.Random(seed)
    store, told, flight = Store(), [], [0]
    writer = EvidenceWriter(
        store,
        lambda call: call(),
        max_batch=chance.choice([1, 4, 256]),
        max_wait=chance.choice([0, 0.001, 0.02]),
        max_queue=chance.choice([10, 10_000]),
        in_flight=lambda: flight[0],
    )
    writer.start()

    def heard(number):
        def done(outcome):
            told.append((number, outcome))
            if chance.random() < 0.1:
                raise RuntimeError("an exchange's own mistake")

        return done

    declined = 0
    for number in range(200):
        try:
            writer.submit(SimpleNamespace(number=number, message=b"x", sent=b""), heard(number))
        except RuntimeError:
            declined += 1  # told at once, and so is the mistake
        flight[0] = chance.choice([0, 1, 3, 50, 1000])
    assert writer.stop(30)
    assert writer.waiting == 0
    assert store.closed
    assert sorted(number for number, _ in told) == list(range(200))
    taken = [number for number, outcome in told if not isinstance(outcome, NotWritten)]
    assert store.got == sorted(taken)
    assert declined <= 200 - len(taken)


def test_a_writer_that_waits_for_company_is_stopped_at_once():
    store, told = Store(), []
    writer = EvidenceWriter(store, lambda call: call(), max_wait=3600.0, in_flight=lambda: 1000)
    writer.start()
    writer.submit(SimpleNamespace(number=1, message=b"", sent=b""), told.append)
    assert writer.stop(30)
    assert told == [WRITTEN]
    writer.submit(SimpleNamespace(number=2, message=b"", sent=b""), told.append)
    assert isinstance(told[1], NotWritten)


def test_the_last_that_it_waits_for_wakes_the_writer():
    store, told = Store(), []
    writer = EvidenceWriter(store, lambda call: call(), max_wait=3600.0, in_flight=lambda: 10)
    writer.start()
    for number in range(50):
        writer.submit(SimpleNamespace(number=number, message=b"", sent=b""), told.append)
    assert writer.stop(30)
    assert len(told) == 50


# Frozen values.


def test_a_frozen_value_is_itself_and_cannot_be_changed():
    @frozen
    class Pair:
        first: int
        second: str = "b"

    pair = Pair(1)
    assert (type(pair), pair, hash(pair)) == (Pair, Pair(first=1, second="b"), hash(Pair(1)))
    for attempt in (lambda: setattr(pair, "first", 2), lambda: delattr(pair, "first"), lambda: setattr(pair, "x", 1)):
        with pytest.raises((AttributeError, TypeError)):
            attempt()
    with pytest.raises(TypeError):
        Pair()


# What a form must not forget.


def test_a_constant_that_was_an_identifier_in_the_model_is_still_a_constant():
    block = '<x:F %s="same"/>'
    for name in ("id", "ID", "xml:id"):
        verifier = taught(signed(written(signature="same", blocks=block % name)))
        data = signed(written(signature="S2", body="same", blocks=block % name))
        agree(verifier, data)
        assert said(verifier, data)[0] == "MSG-14"


def test_an_end_that_is_not_the_timestamps_own_ends_nothing():
    other = '<wsse:Security S:actor="urn:other"><wsu:Expires>2026-09-21T14:%s:20Z</wsu:Expires></wsse:Security>'
    verifier = taught(signed(written(expires="", blocks=other % "14")))
    data = signed(written(body="B2", expires="", blocks=other % "59"))
    agree(verifier, data)
    assert said(verifier, data)[-1] is None


def test_a_namespace_name_is_no_identifier():
    block = '<Id:Exchange xmlns:Id="%s"><Id:purpose>x</Id:purpose></Id:Exchange>'
    verifier = taught(signed(written(after=block % "urn:nobody")))
    data = signed(written(body="B2", after=block % ns.EXCHANGE))
    agree(verifier, data)
    assert said(verifier, data)[0] == "SIG-05"


@pytest.mark.parametrize("later", ["urn:d", "relative"])
def test_a_namespace_name_can_reorder_a_canonical_timestamp(later):
    more = ' xmlns:Id="%s" xmlns:y="urn:c" Id:a="1" y:b="2"'
    verifier = taught(signed(written(stamp_more=more % "urn:b")))
    if later != "relative":
        agree(verifier, signed(written(body="B2", stamp_more=more % later)))
    # The digest of the model's octets with the other name filled in, which is nobody's canonical form.
    draft = written(body="B2", stamp_more=more % "urn:b")
    octets = canonicalize(next(opened(draft).root.iter(TIMESTAMP))).replace(b"urn:b", later.encode())
    draft = draft.replace(b"@1@", base64.b64encode(hashlib.sha256(octets).digest()))
    agree(verifier, signed(draft).replace(b"urn:b", later.encode()))


def test_nobody_fills_the_memory_that_another_token_has():
    theirs = base64.b64encode(party("EESMN").known.der).decode()
    lure = f"<x:BinarySecurityToken>{theirs}</x:BinarySecurityToken>"
    verifier = taught(*(signed(written(blocks=lure + " " * number), "DIN") for number in range(40)))
    said(verifier, signed(written(body="B1")))
    assert agree(verifier, signed(written(body="B2")))
