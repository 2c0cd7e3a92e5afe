"""One exchange seen from outside: what was sent, what came back, what was recorded meanwhile, what reached the
provider; and what every refusal must look like, whatever its cause."""

import base64
import hashlib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from lxml import etree

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader, Recorded
from esb.keeping import bodies_opener
from esb.kernel.faults import Rule
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.contracts import get_contract
from esb.registry.errors import NotFound
from esb.registry.members import add_system, get_system
from esb.registry.services import Terms, add_service, get_service
from support.client import GET_PERSON, NS, Consumer, Reply, post, verify_with_xmlsec
from support.place import PASSPHRASE, PERSONS, Place
from support.provider import Delivered

MEDIA: Final = {
    SoapVersion.V11: "text/xml; charset=utf-8",
    SoapVersion.V12: "application/soap+xml; charset=utf-8",
}
FIN: Final = "5ABC123"  # the personal data of every good request of these tests: no refusal may repeat it

# SOAP 1.1 faults ride on 500 and SOAP 1.2 ones on 400 (Sender) or 500 (Receiver), unless the code needs its own.
_OWN_STATUS: Final = {
    "UnsupportedMedia": 415,
    "TooLarge": 413,
    "QuotaExceeded": 429,
    "ProviderUnavailable": 502,
    "ProviderTimeout": 504,
    "ProviderFault": 502,
    "ProviderSignatureInvalid": 502,
    "Overloaded": 503,
}
_RECEIVER: Final = {
    "RevocationUnknown",
    "ProviderUnavailable",
    "ProviderTimeout",
    "ProviderFault",
    "ProviderSignatureInvalid",
    "Overloaded",
    "InternalError",
}
_OWN_FAULT_CODE: Final = {
    "SignatureInvalid": (NS["wsse"], "FailedCheck"),
    "SignatureMissing": (NS["wsse"], "InvalidSecurity"),
    "PartNotSigned": (NS["wsse"], "InvalidSecurity"),
    "CertificateUnknown": (NS["wsse"], "SecurityTokenUnavailable"),
    "MessageExpired": (NS["wsu"], "MessageExpired"),
    "AlgorithmForbidden": (NS["wsse"], "UnsupportedAlgorithm"),
}
# WSS 1.0 section 12 has two codes that fit a certificate that is known and not good now; either is right.
_ABOUT_TOKENS: Final = {(NS["wsse"], "InvalidSecurityToken"), (NS["wsse"], "FailedAuthentication")}
_STANDARD: Final = {
    SoapVersion.V11: {"VersionMismatch": "VersionMismatch", "NotUnderstood": "MustUnderstand"},
    SoapVersion.V12: {"VersionMismatch": "VersionMismatch", "NotUnderstood": "MustUnderstand"},
}


@dataclass(frozen=True)
class Exchange:
    """One request and everything that came of it.

    Attributes:
        records: what the evidence log got while the request was on its way, oldest first.
        delivered: what reached the provider meanwhile.
    """

    place: Place
    version: SoapVersion
    sent: bytes
    reply: Reply
    records: tuple[Recorded, ...]
    delivered: tuple[Delivered, ...]


@dataclass
class Asker:
    """Sends to one place and watches what happens."""

    place: Place
    _reader: EvidenceReader = field(init=False)

    def __post_init__(self) -> None:
        self._reader = EvidenceReader(self.place.settings.evidence.url, bodies_opener(self.place.settings, PASSPHRASE))

    def watch(self, version: SoapVersion, sent: bytes, act: Callable[[], Reply]) -> Exchange:
        """Do ``act`` and gather what happened meanwhile."""
        mark, seen = self.newest(), len(self.place.provider.journal)
        reply = act()
        return Exchange(self.place, version, sent, reply, self.since(mark), tuple(self.place.provider.journal[seen:]))

    def newest(self) -> int:
        """The number of the newest record, 0 where there is none."""
        last = self._reader.recent(1)
        return last[0].id if last else 0

    def since(self, mark: int) -> tuple[Recorded, ...]:
        """The records after a number, oldest first."""
        return tuple(record for record in reversed(self._reader.recent(100)) if record.id > mark)

    def bodies(self, record: Recorded) -> tuple[bytes, bytes]:
        """A record's message as received and envelope as sent."""
        found = self._reader.bodies(record.entry.record)
        assert found is not None
        return found

    def send(
        self,
        message: bytes,
        version: SoapVersion = SoapVersion.V11,
        service: ServiceId = PERSONS,
        *,
        media: str | None = None,
        http: dict[str, str] | None = None,
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Exchange:
        """Post a message as it is."""
        return self.watch(
            version,
            message,
            lambda: post(
                self.place.port,
                path or path_of(service),
                message,
                MEDIA[version] if media is None else media,
                http,
                tls,
            ),
        )

    def ask(
        self,
        consumer: Consumer | None = None,
        body: bytes = GET_PERSON,
        version: SoapVersion = SoapVersion.V11,
        service: ServiceId = PERSONS,
        headers: tuple[bytes, ...] = (),
        *,
        created: float | None = None,
        lifetime: float = 300,
        **more: Any,
    ) -> Exchange:
        """Sign by the bus's clock, and post."""
        consumer = consumer or self.place.consumers["EESMN"]
        message = consumer.sign(
            body, headers, version, self.place.clock.now() if created is None else created, lifetime=lifetime
        )
        return self.send(message, version, service, **more)


def path_of(service: ServiceId) -> str:
    """Where a service takes its POSTs."""
    return f"/services/{service.text}"


def another(place: Place, name: str, *, settle: bool = True, **terms: Any) -> ServiceId:
    """Register a further service on the contract of the first one, at an address of its own."""
    service = ServiceId.parse(name)
    facts = {"endpoint": f"{place.provider.url}/{name.replace('/', '-')}", "timeout": 2.0, **terms}
    with place.acting() as act:
        contract = get_service(act.session, PERSONS).contract
        get_contract(act.session, contract)
        try:
            get_system(act.session, service.member, service.system)
        except NotFound:
            add_system(act, service.member, service.system, service.system, service.system)
        add_service(act, service, contract, Terms(**facts))
    if settle:
        place.settle()
    return service


def granted(place: Place, name: str, consumer: str = "EESMN", **terms: Any) -> ServiceId:
    """A further service with a grant for a consumer, in force on the running bus."""
    service = another(place, name, settle=False, **terms)
    place.grant(consumer, service)
    place.settle()
    return service


def status_of(code: str, version: SoapVersion) -> int:
    """The HTTP status that a code has in a SOAP version."""
    if code in _OWN_STATUS:
        return _OWN_STATUS[code]
    if version is SoapVersion.V11:
        return 500
    if code in {"VersionMismatch", "NotUnderstood"} or code in _RECEIVER:
        return 500
    return 400


def expect_refusal(
    exchange: Exchange,
    rule: Rule,
    *,
    version: SoapVersion | None = None,
    status: int | None = None,
    consumer: str = "",
    receiver: bool = False,
    after_record: bool = False,
    read: bool = True,
    secrets: tuple[str, ...] = (FIN,),
) -> Reply:
    """Check a refusal in every respect: envelope, code, status, signature, receipt, record, silence.

    Args:
        version: of the fault, where it is not the request's.
        consumer: the member that the record names; "" where nobody was authenticated.
        receiver: whether the fault is the bus's or the provider's (Receiver, Server) though its code is not always so.
        after_record: whether the request was recorded and may have been delivered before the refusal.
        read: whether the bus read the message whole, so that the refusal is bound to its digest.
        secrets: texts that neither the fault nor the record may repeat.
    """
    reply, code, version = exchange.reply, rule.code.value, version or exchange.version
    receiver = receiver or code in _RECEIVER
    if status is None:
        status = 500 if receiver and code not in _OWN_STATUS else status_of(code, version)
    told, wanted = (reply.code, reply.rule, reply.status), (code, rule.id, status)
    assert told == wanted, f"{told}, not {wanted}: {reply.fault_text}"
    assert reply.headers["content-type"].lower() == MEDIA[version]
    _expect_form(reply, version, code, receiver)
    expect_signed(exchange, read)
    fault = reply.find("//exch:Fault")
    assert fault.findtext("exch:exchange", namespaces=NS) == reply.exchange
    assert fault.findtext("exch:stage", namespaces=NS)
    assert fault.findtext("exch:retryable", namespaces=NS) in {"yes", "no", "after"}
    refusal = _expect_record(exchange, rule, consumer, after_record, read)
    text = etree.tostring(reply.find("/*/*[local-name()='Body']"), encoding="unicode")
    for secret in secrets:
        assert secret not in text
        assert secret not in repr(refusal.entry)
    if not after_record:
        assert exchange.delivered == ()
    return reply


def _expect_form(reply: Reply, version: SoapVersion, code: str, receiver: bool) -> None:
    root = reply.root
    assert root.tag == f"{{{version.value}}}Envelope"
    fault = reply.payload
    assert fault.tag == f"{{{version.value}}}Fault"
    blame = {SoapVersion.V11: ("Client", "Server"), SoapVersion.V12: ("Sender", "Receiver")}[version][receiver]
    standard = (version.value, _STANDARD[version].get(code, blame))
    own = _OWN_FAULT_CODE.get(code)
    if version is SoapVersion.V11:
        assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
        found = resolved(fault[0])
        assert found == (own or standard) or (
            code.startswith(("Certificate", "KeyUsage")) and found in _ABOUT_TOKENS
        ), found
        assert (fault[1].text or "").strip()
        detail = fault[2]
    else:
        names = [etree.QName(child).localname for child in fault]
        assert names == ["Code", "Reason", "Detail"]
        assert all(etree.QName(child).namespace == version.value for child in fault)
        values = fault[0].findall(".//s12:Value", NS)
        assert resolved(values[0]) == standard
        if standard[1] == blame:
            assert len(values) == 2
            assert fault[0].find("s12:Subcode/s12:Value", NS) is values[1]
            found = resolved(values[1])
            good = found == (own or (NS["exch"], code))
            assert good or (code.startswith(("Certificate", "KeyUsage")) and found in _ABOUT_TOKENS), found
        texts = fault[1].findall("s12:Text", NS)
        assert texts
        assert all(text.get("{http://www.w3.org/XML/1998/namespace}lang") and text.text for text in texts)
        detail = fault[2]
    assert [child.tag for child in detail] == [f"{{{NS['exch']}}}Fault"]


def resolved(element: Any) -> tuple[str, str]:
    """An element's text as a QName: namespace and local name."""
    prefix, _, local = element.text.strip().rpartition(":")
    return element.nsmap[prefix or None], local


def expect_signed(exchange: Exchange, read: bool = True) -> None:
    """The reply is signed by the bus over Body, Timestamp and Receipt, and bound to the request's bytes if read."""
    reply = exchange.reply
    certificate = x509.load_pem_x509_certificate(exchange.place.settings.keys.certificate.read_bytes())
    assert verify_with_xmlsec(reply, certificate) >= {"Body", "Timestamp", "Receipt"}
    assert reply.root.find(".//wsse:BinarySecurityToken", NS) is not None
    assert not any("mustUnderstand" in name for block in reply.root[0] for name in block.attrib)
    digest = base64.b64decode(reply.text("//exch:Receipt/exch:requestDigest"))
    assert digest == hashlib.sha256(exchange.sent).digest() or not read


def _expect_record(exchange: Exchange, rule: Rule, consumer: str, after_record: bool, read: bool) -> Recorded:
    kinds = [record.entry.kind for record in exchange.records]
    assert kinds == ([Kind.REQUEST, Kind.REFUSAL] if after_record else [Kind.REFUSAL]), f"recorded {kinds}"
    refusal = exchange.records[-1]
    entry = refusal.entry
    noted = (entry.outcome, entry.rule, entry.consumer)
    assert noted == (rule.code.value, rule.id, consumer), f"recorded {noted}"
    assert entry.exchange == exchange.reply.exchange
    if read and not after_record:
        assert entry.message_sha256 == hashlib.sha256(exchange.sent).hexdigest()
    assert entry.stage
    assert entry.reason
    leaf = base64.b64decode(exchange.reply.text("//exch:Receipt/exch:answerRecord/exch:leaf"))
    assert leaf == refusal.leaf_hash
    assert bool(exchange.reply.text("//exch:Receipt/exch:requestRecord/exch:leaf")) is after_record
    return refusal


def expect_answer(exchange: Exchange, status: int = 200) -> Reply:
    """Check a good answer: status, media type, signature, receipt, and its two records."""
    reply, version = exchange.reply, exchange.version
    assert (reply.status, reply.code) == (status, ""), f"{reply.status} {reply.rule} {reply.fault_text}"
    assert reply.headers["content-type"].lower() == MEDIA[version]
    assert reply.root.tag == f"{{{version.value}}}Envelope"
    expect_signed(exchange)
    request, answer = exchange.records
    assert (request.entry.kind, answer.entry.kind) == (Kind.REQUEST, Kind.ANSWER)
    assert request.entry.exchange == answer.entry.exchange == reply.exchange
    assert request.entry.message_sha256 == hashlib.sha256(exchange.sent).hexdigest()
    for name, record in (("requestRecord", request), ("answerRecord", answer)):
        assert reply.text(f"//exch:Receipt/exch:{name}/exch:id") == record.entry.record
        assert base64.b64decode(reply.text(f"//exch:Receipt/exch:{name}/exch:leaf")) == record.leaf_hash
    assert answer.entry.request_leaf == request.leaf_hash.hex()
    assert len(exchange.delivered) == 1
    return reply


def expect_person(exchange: Exchange) -> Reply:
    """Check that the person register's own answer came back."""
    reply = expect_answer(exchange)
    assert reply.text("//*[local-name()='surname']") == "Əliyeva"
    return reply


def raw_http(port: int, *parts: bytes, pause: float = 0.0, until_closed: bool = True) -> bytes:
    """Send octets over a fresh connection, one part after the other, and read what comes back.

    Args:
        pause: seconds between parts.
        until_closed: read until the bus closes, else only what there is after the last part.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        if not until_closed:
            return connection.recv(1 << 20)
        gathered = b""
        while octets := connection.recv(1 << 16):
            gathered += octets
        return gathered


def http_reply(octets: bytes) -> Reply:
    """One HTTP answer from its octets, after any 100 Continue; its body may be chunked."""
    while octets.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
        octets = octets.partition(b"\r\n\r\n")[2]
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "chunked" in headers.get("transfer-encoding", ""):
        body = dechunked(body)
    return Reply(int(lines[0].split(" ")[1]), headers, body)


def dechunked(octets: bytes) -> bytes:
    """The content of a chunked body."""
    content = b""
    while True:
        size, _, octets = octets.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return content
        content, octets = content + octets[:length], octets[length + 2 :]
