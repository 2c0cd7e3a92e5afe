"""A bus for one trial: the whole way of a message, in this process, for a service that is not registered yet.

Its directory holds one service, one consumer with a key made for the occasion, and one grant; its evidence log is a
file of its own.  All else is what serves every day: the same stages in the same order, the bus's own signing key, the
contract's own judge.  Nothing here waits on a reactor: each thing waited for is done when it is asked for, so a message
is carried by one blocking call.
"""

import base64
import hashlib
import secrets
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from esb.adapters.soap import SoapAdapter
from esb.admin.certificates import der_of, pem_of
from esb.admin.checks.model import Exchange, Exchanged, NotTried, Subject
from esb.admin.checks.wire import Line, WireFailed
from esb.audit.log import EvidenceReader
from esb.audit.record import Outcome, Record
from esb.audit.store import open_store
from esb.audit.writer import EvidenceWriter
from esb.bus import Bus
from esb.certs.ca import Subject as Holder
from esb.certs.ca import create_authority, issue, serial_number
from esb.certs.client import signed_request
from esb.certs.index import CertificateLoader
from esb.certs.keys import FileKey, generate_key
from esb.certs.profile import SignatureLimits
from esb.certs.requests import make_request
from esb.certs.sign import Signer
from esb.certs.verify import Verifier
from esb.kernel import rules
from esb.kernel.clock import Clock, SystemClock
from esb.kernel.contract import Contract
from esb.kernel.directory import (
    CertificateIndex,
    CertificateUse,
    Directory,
    Grant,
    KnownCertificate,
    Member,
    MemberStatus,
    Operation,
    Service,
    ServiceStatus,
)
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer, HttpCall, Peer
from esb.kernel.ids import Ids
from esb.kernel.message import Outgoing, ProviderAnswer, Received
from esb.kernel.namespaces import EXCHANGE
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import Element, XmlLimits, parse_message
from esb.routing.breaker import Breaker
from esb.routing.limits import Load, Quotas
from esb.schemas.judge import Judge
from esb.stages.way import Way

CONSUMER: Final = "SHLUZ-TRIAL"
"""The code of the consumer that asks; no member has it, for it is never registered."""

_DAYS: Final = 2
_NEVER: Final = 1 << 30
_PURPOSE: Final = "trial exchange of the connection procedure"
_WRITE_SECONDS: Final = 30.0
_CAUSES: Final = {
    "address": rules.PRV_CONNECT,
    "refused": rules.PRV_CONNECT,
    "tls": rules.PRV_CONNECT,
    "timeout": rules.PRV_TIMEOUT,
    "closed": rules.PRV_BROKEN,
    "size": rules.PRV_SIZE,
}

T = TypeVar("T")


class TrialBus:
    """Carries trial exchanges for one subject.  Use it as a context manager: it ends its evidence log.

    Args:
        line: how the applicant's endpoint is reached.
        signer: the bus's own.
        bus: its certificate, made ready; the consumer believes no other.
        provider: certificates with which the provider signs its answers, where that is demanded.
    """

    def __init__(
        self,
        subject: Subject,
        contract: Contract,
        judge: Judge,
        *,
        line: Line,
        signer: Signer,
        bus: KnownCertificate,
        provider: Iterable[KnownCertificate] = (),
        clock: Clock | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._clock = clock or SystemClock()
        self._random = random
        self._folder = tempfile.TemporaryDirectory(prefix="shluz-trial-")
        url = f"sqlite:///{Path(self._folder.name) / 'evidence.db'}"
        self._writer = EvidenceWriter(open_store(url), lambda run: run())
        self._reader = EvidenceReader(url)
        self._loader = CertificateLoader()
        consumer, known = self._consumer()
        self._signer = consumer
        self._believed = self._loader.index([bus])
        self._adapter = _Watched(SoapAdapter(_Post(line), line.answer_bytes))
        self._service = _service(subject, contract)
        way = Way(
            clock=self._clock,
            directory=_directory(self._service, self._loader.index([known, *provider]), self._clock.now()),
            verifier=Verifier(SignatureLimits()),
            signer=signer,
            judges=_OneJudge(judge),
            evidence=_Evidence(self._writer, self._reader),
            adapters={"soap": self._adapter},
            quotas=Quotas(None),
            load=Load(4, 4),
            breaker=Breaker(_NEVER, 1.0),
            log=lambda *_, **__: None,
        )
        self._failed: list[BaseException] = []
        self._bus = Bus(way, lambda _, error: self._failed.append(error))
        self._ids = Ids(random)
        self._writer.start()

    def __enter__(self) -> "TrialBus":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the evidence log and take it away."""
        self._writer.stop(5)
        self._reader.close()
        self._folder.cleanup()

    def carry(self, operation: Operation, content: bytes) -> Exchanged:
        """Sign a request as the consumer, carry it through the bus, and check the answer as the consumer would.

        Args:
            content: the Body's element in UTF-8; b"" for an empty Body.
        """
        now = self._clock.now()
        version = self._service.provider_version or SoapVersion.V11
        try:
            sent = signed_request(self._signer, version, content, (), now, self._random(8).hex())
        except (Refusal, ValueError) as error:
            return Exchanged(f"trial-request: the trial request is not one element ({error})", (), None, 0.0, {})
        exchange = self._ids.new(now)
        received = Received(
            exchange=exchange,
            at=now,
            path=self._service.id.path,
            version=version,
            action=operation.soap_action,
            raw=sent,
            data=sent,
            peer=Peer("127.0.0.1"),
        )
        self._adapter.reset()
        replied = _run(self._bus.carry(received))
        facts = {
            "exchange": exchange,
            "status": replied.status,
            "request_sha256": hashlib.sha256(sent).hexdigest(),
            "answer_sha256": hashlib.sha256(replied.envelope).hexdigest(),
            "records": [recorded.entry.kind.value for recorded in self._reader.show(exchange)],
            "provider_seconds": round(self._adapter.seconds, 4),
        }
        try:
            envelope = open_envelope(parse_message(replied.envelope, XmlLimits()), replied.envelope)
        except Refusal as error:
            # What the bus adds can take an answer that was just within the limits beyond them.
            refusal = ""
            problems: tuple[str, ...] = (
                f"the signed answer is no message to whoever has the bus's limits ({error.rule.id}: {error.reason})",
            )
        else:
            refusal, problems = _refusal(envelope.payload), self._check(envelope, sent, exchange)
        return Exchanged(refusal, problems, self._adapter.answer, self._adapter.seconds, MappingProxyType(facts))

    def _check(self, envelope: Any, sent: bytes, exchange: str) -> tuple[str, ...]:
        """What of the signed answer does not hold for its consumer."""
        try:
            verified = Verifier(SignatureLimits()).verify(envelope, self._believed)
        except Refusal as refusal:
            return (f"the bus's signature does not verify ({refusal.rule.id}: {refusal.reason})",)
        receipt = next((block.element for block in verified.blocks if block.element.tag == _named("Receipt")), None)
        if receipt is None:
            return ("the answer has no signed receipt",)
        problems = []
        if receipt.findtext(_named("exchange")) != exchange:
            problems.append("the receipt is of another exchange")
        digest = receipt.findtext(_named("requestDigest")) or ""
        if base64.b64decode(digest) != hashlib.sha256(sent).digest():
            problems.append("the receipt is bound to another request")
        records = {recorded.entry.record: recorded.leaf_hash for recorded in self._reader.show(exchange)}
        for name in ("requestRecord", "answerRecord"):
            cited = receipt.find(_named(name))
            if cited is None or not cited.findtext(_named("id")):
                if name == "answerRecord":
                    problems.append("the receipt cites no record of the answer")
                continue
            leaf = base64.b64decode(cited.findtext(_named("leaf")) or "")
            if records.get(cited.findtext(_named("id")) or "") != leaf:
                problems.append(f"the {name} that the receipt cites is not in the evidence log")
        return tuple(problems)

    def _consumer(self) -> tuple[Signer, KnownCertificate]:
        now = self._clock.now()
        authority, root = create_authority("Shluz trial", "p256", now, 2 * _DAYS)
        key = generate_key("p256")
        request = make_request(key, CONSUMER)
        certificate = issue(
            authority,
            root,
            request,
            Holder(CONSUMER, "Trial consumer"),
            CertificateUse.SIGNING,
            now,
            _DAYS,
            serial_number(self._random(16)),
        )
        der = der_of(pem_of(certificate), "trial certificate")
        return Signer(FileKey(key), certificate), self._loader.known(der, CONSUMER, CertificateUse.SIGNING, None, None)


def trial_exchanges(
    line: Line, signer: Signer, bus: KnownCertificate, provider: Iterable[KnownCertificate], made: list[TrialBus]
) -> Callable[[Subject, Contract, Judge], Exchange]:
    """What the checks make their trial bus by; each that is made is noted in ``made``, to be closed."""

    def make(subject: Subject, contract: Contract, judge: Judge) -> Exchange:
        bus_of = TrialBus(subject, contract, judge, line=line, signer=signer, bus=bus, provider=tuple(provider))
        made.append(bus_of)
        return bus_of.carry

    return make


class _Post:
    """The network as an adapter sees it, by the checks' own line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def call(self, call: HttpCall) -> HttpAnswer:
        headers = {"Content-Type": call.content_type, **dict(call.headers)}
        try:
            answer = self._line.post(call.url, call.body, headers)
        except WireFailed as error:
            raise Refusal(_CAUSES[error.cause], str(error), {"cause": error.cause}) from error
        found = {name.encode("latin-1"): value.encode("latin-1", "replace") for name, value in answer.headers.items()}
        return HttpAnswer(answer.status, found, answer.body)


class _Watched:
    """An adapter that remembers what the provider answered, and how long it took."""

    def __init__(self, adapter: SoapAdapter) -> None:
        self._adapter = adapter
        self.reset()

    def reset(self) -> None:
        self.answer: bytes | None = None
        self.seconds = 0.0

    async def ask(self, outgoing: Outgoing) -> ProviderAnswer:
        began = time.perf_counter()
        try:
            answer = await self._adapter.ask(outgoing)
        finally:
            self.seconds = time.perf_counter() - began
        self.answer = answer.data
        return answer


class _OneJudge:
    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def get(self, digest: str) -> Judge:
        return self._judge

    async def load(self, digest: str) -> Judge:
        return self._judge


class _Evidence:
    """The evidence log, waited for by blocking."""

    def __init__(self, writer: EvidenceWriter, reader: EvidenceReader) -> None:
        self._writer = writer
        self._reader = reader

    async def write(self, record: Record) -> Outcome:
        done = threading.Event()
        outcomes: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            outcomes.append(outcome)
            done.set()

        self._writer.submit(record, tell)
        if not done.wait(_WRITE_SECONDS):
            raise Refusal(rules.BUS_EVIDENCE, "The trial's evidence log does not write.", {}, 5)
        return outcomes[0]

    async def answer_of(self, exchange: str) -> bytes | None:
        return self._reader.answer_of(exchange)


def _run(waiting: Awaitable[T]) -> T:
    """Run a coroutine that never truly waits."""
    steps = waiting.__await__()
    try:
        next(steps)
    except StopIteration as done:
        value: T = done.value
        return value
    raise RuntimeError("a trial exchange waited for something that nobody would bring")


def _service(subject: Subject, contract: Contract) -> Service:
    if subject.service is None:
        raise NotTried("there is no service to be asked")
    terms = subject.terms
    version = terms.provider_version
    if version is None and len(contract.provider_versions) == 1:
        (version,) = contract.provider_versions
    return Service(
        id=subject.service,
        status=ServiceStatus.ACTIVE,
        endpoint=terms.endpoint,
        provider_version=version,
        adapter=terms.adapter,
        signature=terms.signature,
        answer_signature=terms.answer_signature,
        judge_request=terms.judge_request,
        judge_answer=terms.judge_answer,
        timeout=terms.timeout,
        contract="0" * 64,
        operations={operation.input: operation for operation in contract.operations},
    )


def _directory(service: Service, certificates: CertificateIndex, now: float) -> Directory:
    grant = Grant(
        id=1,
        consumer=CONSUMER,
        service=service.id.text,
        operations=None,
        purpose=_PURPOSE,
        legal_basis="statute, 4.1.2",
        valid_from=now - 60,
        valid_until=None,
        per_second=None,
        per_day=None,
        required_fields=frozenset(),
    )
    members = [Member(code, code, code, MemberStatus.ACTIVE) for code in {CONSUMER, service.id.member}]
    return Directory(
        version=1,
        built_at=now,
        members={member.code: member for member in members},
        services={service.id.path: service},
        grants={(CONSUMER, service.id.text): (grant,)},
        certificates=certificates,
    )


def _named(local: str) -> str:
    return f"{{{EXCHANGE}}}{local}"


def _refusal(payload: Element | None) -> str:
    fault = None if payload is None else next(payload.iter(_named("Fault")), None)
    if payload is None or not str(payload.tag).endswith("}Fault"):
        return ""
    if fault is None:
        text = " ".join("".join(str(one) for one in payload.itertext()).split())
        return f"answer-fault: the provider answered with a fault: {text[:300]}"
    reason = next(
        (str(one.text) for one in payload.iter() if str(one.tag).rpartition("}")[2] in ("faultstring", "Text")), ""
    )
    particulars = [
        f"{one.get('name')}={one.text}" for one in fault.iter(_named("particular")) if one.get("name") and one.text
    ]
    return f"{fault.findtext(_named('rule'))}: {reason}" + (f" ({', '.join(particulars)[:300]})" if particulars else "")
