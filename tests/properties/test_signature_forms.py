"""Whatever is done to a message of a form that is known: a verifier that remembers says what one says that does not."""

import re

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.rig import NOW, party

from esb.certs.client import signed_request
from esb.certs.index import build_index
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

BODY = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'
HEADER = f'<w:MessageID xmlns:w="{ns.WSA}">urn:uuid:%d</w:MessageID>'.encode()


def message(number: int, headers: bool) -> bytes:
    blocks = (HEADER % number,) if headers else ()
    return signed_request(party("EESMN").signer, SoapVersion.V11, BODY, blocks, NOW, f"m-{number}")


def foreign(data: bytes) -> bytes:
    """The same message as another toolkit would write it: what is signed has the same canonical form."""
    data = re.sub(rb"<([\w:]+)((?: [^<>]*)?)></\1>", rb"<\1\2/>", data)
    data = data.replace(b"<wsse:Security ", b"\n <wsse:Security\n  ").replace(
        b"</wsse:Security>", b"\n</wsse:Security >"
    )
    return re.sub(rb'( wsu:Id)="([^"]*)"', rb"\1 = '\2'", data)


INDEX = build_index([party("EESMN").known])
PLAIN = {headers: [message(number, headers) for number in (1, 2, 3)] for headers in (False, True)}
MODELS = {
    (headers, odd): [foreign(data) if odd else data for data in PLAIN[headers]]
    for headers in (False, True)
    for odd in (False, True)
}
PIECES = [
    b"<", b">", b"/", b'"', b"'", b"=", b"&", b"&amp;", b"&#65;", b"#", b":", b" ", b"\n", b"\r", b"-", b"A", b"=",
    b"\xc9\x99", b"m-1", b"m-2", b"TS-m-2", b"Body-m-2", b"<x/>", b"<!-- x -->", b"<![CDATA[x]]>", b"<x>", b"</x>",
    b' Id="m-2"', b' wsu:Id="Body-m-2"', b' xmlns:wsu="urn:x"', b"<soap:Body/>", b"</soap:Header>", b"<soap:Header>",
    b"<wsse:Security/>",
]  # fmt: skip


def verdict(verifier: Verifier, data: bytes) -> object:
    envelope = open_envelope(parse_message(data, XmlLimits()), data)
    path = envelope.root.getroottree().getpath
    try:
        found = verifier.verify(envelope, INDEX)
    except Refusal as refusal:
        return refusal.rule.id, refusal.reason, dict(refusal.particulars)
    parts = [(path(part.element), part.id, part.canonical, part.sha256) for part in (found.body, *found.blocks)]
    elements = [None if each is None else path(each) for each in (found.security, found.signature, found.token)]
    return parts, found.timestamp.canonical, elements, found.identity, found.created, found.expires, found.algorithm


def learnt(model: list[bytes]) -> Verifier:
    verifier = Verifier(SignatureLimits())
    verdict(verifier, model[0])
    assert verifier._forms.find(model[1]) is not None
    return verifier


LEARNT = {name: learnt(model) for name, model in MODELS.items()}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    name=st.sampled_from(list(MODELS)),
    edits=st.lists(
        st.tuples(st.integers(0, 6000), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=3)),
        min_size=1,
        max_size=3,
    ),
)
def test_an_edited_message_gets_the_same_verdict(name: tuple[bool, bool], edits: list[tuple[int, int, bytes]]) -> None:
    data = MODELS[name][1]
    for at, length, piece in edits:
        place = at % len(data)
        data = data[:place] + piece + data[place + length :]
    try:
        open_envelope(parse_message(data, XmlLimits()), data)
    except Refusal:
        assume(False)
    assert verdict(LEARNT[name], data) == verdict(Verifier(SignatureLimits()), data)


TAG = re.compile(rb"<[^<>]*>|[^<>]+")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    name=st.sampled_from(list(MODELS)),
    other=st.sampled_from(list(MODELS)),
    moves=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 12), st.booleans()), max_size=2),
    holes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=3),
)
def test_parts_moved_and_values_exchanged_get_the_same_verdict(name, other, moves, holes) -> None:
    tokens, others = TAG.findall(MODELS[name][1]), TAG.findall(MODELS[other][2])
    for at, source in holes:
        tokens[at % len(tokens)] = others[source % len(others)]
    for source, target, length, copied in moves:
        begin = source % len(tokens)
        moved = tokens[begin : begin + length]
        if not copied:
            del tokens[begin : begin + length]
        to = target % (len(tokens) + 1)
        tokens[to:to] = moved
    data = b"".join(tokens)
    try:
        open_envelope(parse_message(data, XmlLimits()), data)
    except Refusal:
        assume(False)
    assert verdict(LEARNT[name], data) == verdict(Verifier(SignatureLimits()), data)


def test_each_model_is_recognized_and_good() -> None:
    for name, model in MODELS.items():
        for data in model:
            assert LEARNT[name]._forms.find(data) is not None
            assert verdict(LEARNT[name], data) == verdict(Verifier(SignatureLimits()), data)
            assert isinstance(verdict(LEARNT[name], data)[0], list)  # type: ignore[index]
