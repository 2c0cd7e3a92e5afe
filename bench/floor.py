"""The floor: what an exchange costs when nothing is decided, only computed.

A bare loop of the C calls that no bus can do without: parse, exclusive C14N, digests, verifications, XSD judgement and
signatures of request and answer, the envelopes written from constant octets, and two records in group commits of the
size that the bus makes under the same load.  No network, no registry, no limits, no rules.  It uses lxml, hashlib and
``cryptography`` directly and nothing of the bus, so that it stays a yardstick when the bus changes.

Run as ``python -m esb.bench.floor FOLDER FACTS``; for each line of its input (a number of exchanges) it says ``signed``
when their messages are made, and then ``took SECONDS`` of CPU.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esb.bench.place import CONTRACT
from esb.bench.provider import plain_envelope, read_party
from esb.bench.records import Journal, Row, open_journal
from esb.bench.rows import content
from esb.bench.signing import Party, Style, Template
from esb.kernel.clock import utc_text
from esb.kernel.namespaces import BASE64_BINARY, DS, EXC_C14N, EXCHANGE, SHA256, SOAP11, WSSE, WSU, X509_V3, XSD

_INCLUSIVE: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"
_ID: Final = f"{{{WSU}}}Id"
_TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
_SIGNATURE: Final = f"{{{DS}}}Signature"
_TIME: Final = f"{{{WSU}}}Timestamp"
_PKCS1: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()
_ECDSA: Final = ec.ECDSA(_SHA256)
_BODY: Final = f'<soap:Body xmlns:soap="{SOAP11}" xmlns:wsu="{WSU}" wsu:Id="body-%b">%b</soap:Body>'.encode()
_BLOCK: Final = (
    f'<exch:%b xmlns:exch="{EXCHANGE}" xmlns:wsu="{WSU}" wsu:Id="block-%b"><exch:exchange>%b</exch:exchange>'
    f'<exch:requestDigest algorithm="{SHA256}">%b</exch:requestDigest><exch:receivedAt>%b</exch:receivedAt></exch:%b>'
).encode()
_TIMESTAMP: Final = (
    f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="TS-%b"><wsu:Created>%b</wsu:Created><wsu:Expires>%b</wsu:Expires>'
    "</wsu:Timestamp>"
).encode()
_OPEN_SIGNATURE: Final = f'<ds:Signature xmlns:ds="{DS}">'.encode()
_REFERENCE: Final = (
    f'<ds:Reference URI="#%b-%b"><ds:Transforms><ds:Transform Algorithm="{EXC_C14N}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>%b</ds:DigestValue></ds:Reference>'
).encode()
_LEAF: Final = (
    b'{"at":%b,"body":"%b","certificate":"%b","consumer":"EESMN","exchange":"%b","grant":1,"kind":"%b","legal":"bench",'
    b'"message":"%b","operation":"Ask","outcome":"","purpose":"bench","service":"DIN/BENCH/Answer/v1"}'
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What is left of a message once it is verified: its Body's element, and the canonical octets of that."""

    payload: Any
    content: bytes


class Floor:
    """One loop over one kind of exchange.

    Args:
        bus: who signs what goes on.
        answer: what the provider answers, signed or plain.
        journal: where the two records of each exchange go; committed ``batch`` exchanges at a time.
    """

    def __init__(self, parties: tuple[Party, Party], bus: Party, answer: bytes, journal: Journal, batch: int) -> None:
        self._parser = etree.XMLParser(
            resolve_entities=False, no_network=True, remove_comments=True, collect_ids=False, encoding="utf-8"
        )
        definitions = etree.fromstring(CONTRACT.read_bytes(), self._parser)
        # Written and read again, so that it holds the prefixes that the WSDL around it declares.
        schema = etree.tostring(next(definitions.iter(f"{{{XSD}}}schema")))
        self._schema = etree.XMLSchema(etree.fromstring(schema, self._parser))
        self._verifiers = {_token(party): _verifier(party.certificate.public_key()) for party in parties}
        self._write = _Writer(bus).write
        self._answer = answer
        self._journal = journal
        self._batch = batch
        self._waiting: list[Row] = []

    def exchange(self, request: bytes) -> bytes:
        """Carry one request through, and return the envelope that would leave for the consumer."""
        now = time.time()
        ident = secrets.token_hex(16).encode()
        digest = base64.b64encode(hashlib.sha256(request).digest())
        asked = self._judged(self._verified(request))
        self._record(b"request", ident, request, b"", asked.content, now)
        self._write(b"Forwarded", ident, digest, asked.content, now)
        answered = self._judged(self._verified(self._answer))
        sent = self._write(b"Receipt", ident, digest, answered.content, now)
        self._record(b"answer", ident, self._answer, sent, answered.content, now)
        if len(self._waiting) >= 2 * self._batch:
            self.commit()
        return sent

    def commit(self) -> None:
        """Make the waiting records durable."""
        self._journal.commit(self._waiting)
        self._waiting.clear()

    def _verified(self, message: bytes) -> Verified:
        root: Any = etree.fromstring(message, self._parser)
        body = root[-1]
        if len(root) == 1:
            return Verified(body[0], etree.tostring(body[0], method="c14n", exclusive=True))
        security = {child.tag: child for child in root[0][0]}
        signature = security[_SIGNATURE]
        info, value = signature[0], signature[1]
        timestamp = security[_TIME]
        parts = {body.get(_ID): body, timestamp.get(_ID): timestamp}
        octets = b""
        for reference in info[2:]:
            part = parts[reference.get("URI")[1:]]
            form = _canonical(part, reference[0][0])
            if hashlib.sha256(form).digest() != base64.b64decode(reference[2].text):
                raise ValueError("a digest is not that of its part")
            if part is body:
                octets = form
        verify = self._verifiers["".join(security[_TOKEN].text.split())]
        verify(base64.b64decode(value.text), _canonical(info, info[0]))
        return Verified(body[0], octets[octets.index(b">") + 1 : octets.rindex(b"</")])

    def _judged(self, verified: Verified) -> Verified:
        if not self._schema.validate(verified.payload):
            raise ValueError("a body is not valid")
        return verified

    def _record(self, kind: bytes, ident: bytes, message: bytes, sent: bytes, inside: bytes, now: float) -> None:
        digests = [hashlib.sha256(octets).hexdigest().encode() for octets in (message, inside)]
        leaf = _LEAF % (b"%d" % int(now * 1e6), digests[1], ident, ident, kind, digests[0])
        replay = hashlib.sha256(ident).digest() if kind == b"request" else None
        self._waiting.append(Row(f"{ident.decode()}-{kind.decode()}", kind.decode(), leaf, message, sent, replay))


class _Writer:
    """Signed envelopes from constant octets."""

    def __init__(self, bus: Party) -> None:
        self._sign: Callable[[bytes], bytes] = bus.key.sign
        self._info = (
            f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXC_C14N}">'
            f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{bus.key.algorithm}"></ds:SignatureMethod>'
        ).encode()
        self._opening = (
            f'<soap:Envelope xmlns:soap="{SOAP11}"><soap:Header><wsse:Security xmlns:wsse="{WSSE}">'
            f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" EncodingType="{BASE64_BINARY}" ValueType="{X509_V3}" '
            f'wsu:Id="X509">{_token(bus)}</wsse:BinarySecurityToken>'
        ).encode()
        self._key_info = (
            "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
            f'<wsse:Reference URI="#X509" ValueType="{X509_V3}"></wsse:Reference></wsse:SecurityTokenReference>'
            "</ds:KeyInfo></ds:Signature></wsse:Security>"
        ).encode()

    def write(self, local: bytes, ident: bytes, digest: bytes, inside: bytes, now: float) -> bytes:
        created, expires = utc_text(now).encode(), utc_text(now + 300).encode()
        timestamp = _TIMESTAMP % (ident, created, expires)
        block = _BLOCK % (local, ident, ident, digest, created, local)
        body = _BODY % (ident, inside)
        info = b"".join(
            (
                self._info,
                *[
                    _REFERENCE % (name, ident, base64.b64encode(hashlib.sha256(part).digest()))
                    for name, part in ((b"body", body), (b"block", block), (b"TS", timestamp))
                ],
                b"</ds:SignedInfo>",
            )
        )
        value = base64.b64encode(self._sign(info))
        return b"".join(
            (
                self._opening,
                timestamp,
                _OPEN_SIGNATURE,
                info,
                b"<ds:SignatureValue>",
                value,
                self._key_info,
                block,
                b"</soap:Header>",
                body,
                b"</soap:Envelope>",
            )
        )


def _token(party: Party) -> str:
    return base64.b64encode(party.certificate.public_bytes(Encoding.DER)).decode()


def _canonical(element: Any, method: Any) -> bytes:
    listed = method.find(_INCLUSIVE) if len(method) else None
    prefixes = None if listed is None else listed.get("PrefixList").split()
    form: bytes = etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes)
    return form


def _verifier(key: Any) -> Callable[[bytes, bytes], None]:
    """What verifies a value over octets with this key; raises InvalidSignature of ``cryptography``."""
    if isinstance(key, rsa.RSAPublicKey):
        return lambda value, signed: key.verify(value, signed, _PKCS1, _SHA256)
    half = key.key_size // 8

    def verify(value: bytes, signed: bytes) -> None:
        number = encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
        key.verify(number, signed, _ECDSA)

    return verify


def run(folder: Path, facts: dict[str, Any]) -> None:
    """Serve rounds until the input ends.

    Args:
        folder: holds the agencies' keys and one for the bus (``consumer``, ``provider``, ``floor``).
        facts: of the case: ``request``, ``answer``, ``style``, ``signed``, ``batch``; and ``database``, a SQLAlchemy
            URL of an empty PostgreSQL database, or None.
    """
    consumer, provider, bus = (read_party(folder, name) for name in ("consumer", "provider", "floor"))
    style = Style(facts["style"])
    if facts["signed"]:
        answer = Template(provider, content("Answer", facts["answer"], style), style=style).message("a", time.time())
    else:
        answer = plain_envelope(facts["answer"], style)
    template = Template(consumer, content("Ask", facts["request"], style), style=style)
    with open_journal(folder / f"floor-{secrets.token_hex(4)}.db", facts["database"]) as journal:
        floor = Floor((consumer, provider), bus, answer, journal, facts["batch"])
        print("ready", flush=True)
        for line in sys.stdin:
            messages = [template.message(secrets.token_hex(8), time.time()) for _ in range(int(line))]
            print("signed", flush=True)
            began = time.process_time()
            for message in messages:
                floor.exchange(message)
            floor.commit()
            print(f"took {time.process_time() - began:.6f}", flush=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), json.loads(sys.argv[2]))
