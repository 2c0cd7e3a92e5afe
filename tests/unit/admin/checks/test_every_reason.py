"""For each reason that a check knows, a real provider (or a contract as an agency would send it) that fails by it.

What is served is served over the wire, with TLS where TLS is what is wrong; no result is put in a check's hands.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.applicant import LOOPBACK, Applicant, certificate_for, over_tls, persons, unreadable, wrong
from support.descriptions import BROKEN, GOOD
from support.provider import PERSON, Delivered, Given, Provider, envelope11
from support.provider import persons as answers

from esb.admin.applications import alike
from esb.admin.checks.model import Result
from esb.admin.checks.order import CHECKS
from esb.certs.ca import create_authority
from esb.kernel.directory import AnswerSignature
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.database import open_database
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service
from esb.wsdl.pack import pack
from esb.wsdl.read import complete

ROOT = Path(__file__).parents[4]
CA = create_authority("Provider CA", "p256", time.time() - 86_400 * 500, 2000)
PERSONS = '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'
NO_REASONS = {"not-applicable", "content-type", "shluz-check-report-1"}
DEBT = '<t:GetDebt xmlns:t="urn:example:tax"><t:fin>5ABC123</t:fin></t:GetDebt>'
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
FAULT = envelope11(b"<S:Fault><faultcode>S:Server</faultcode><faultstring>x</faultstring></S:Fault>")
LARGE = Given(envelope11(b"<a>" + b"x" * 200_000 + b"</a>"))
FIN = "[0-9A-HJ-NP-Z]{7}"


@dataclass
class Case:
    """What is wrong is made so here: the application, the provider that it names, and a folder for files."""

    applicant: Applicant
    provider: Provider
    folder: Path

    def answering(self, given: Given) -> None:
        self.provider.answer = lambda _: given

    def slow(self, seconds: float, within: float) -> None:
        def slowly(request: Delivered) -> Given:
            time.sleep(seconds)
            return answers(request)

        self.provider.answer = slowly
        self.applicant.seconds = within

    def showing(self, pair: tuple[bytes, bytes], legacy: bool = False) -> None:
        self.applicant.endpoint = over_tls(self.provider, self.folder, pair, legacy=legacy)
        self.applicant.tls = ssl.create_default_context(cadata=CA[1].public_bytes(Encoding.PEM).decode())
        self.applicant.seconds = 3.0

    def contract(self, before: str, after: str) -> None:
        assert before in GOOD
        self.applicant.contract = wrong(self.folder, GOOD.replace(before, after))
        self.applicant.request = DEBT

    def at(self, endpoint: str) -> None:
        self.applicant.endpoint = endpoint

    def https(self) -> None:
        self.at(self.applicant.endpoint.replace("http:", "https:"))

    def forbidden(self) -> None:
        self.https()
        self.applicant.rules = replace(LOOPBACK, networks=())

    def crowded(self) -> None:
        """An answer that just keeps within the bus's limits, and does not any more with what the bus adds."""
        self.contract(
            'name="debt" type="xs:decimal"/></xs:sequence>',
            'name="debt" type="xs:decimal"/></xs:sequence><xs:anyAttribute namespace="##any" processContents="lax"/>',
        )
        names = " ".join(f'xmlns:n{number}="urn:n:{number}" n{number}:a="1"' for number in range(126))
        answer = f'<t:GetDebtResponse xmlns:t="urn:example:tax" {names}><t:debt>1</t:debt></t:GetDebtResponse>'
        self.answering(Given(envelope11(answer.encode())))

    def breaking(self) -> None:
        journal = self.provider.journal
        self.provider.answer = lambda request: answers(request) if len(journal) < 3 else Given(b"", raw=b"")

    def registered(self) -> None:
        """Another agency has registered the very same contract."""
        self.engine = open_database(f"sqlite:///{self.folder / 'registry.db'}")
        with acting(self.engine, "operator", time.time()) as act:
            add_member(act, "REG", "Reyestr", "Register", MemberKind.STATE)
            add_system(act, "REG", "People", "Şəxslər", "People")
            contract = complete(persons())
            digest = put_contract(act, pack(contract), contract)
            add_service(act, ServiceId("REG", "People", "PersonQuery", "v1"), digest, Terms("http://provider.example/"))
        self.applicant.find_alike = partial(alike, self.engine)


def _show(**made: object) -> Callable[[Case], None]:
    return lambda case: case.showing(certificate_for(**{"ca": CA, **made}))


def _answer(body: bytes, **more: object) -> Callable[[Case], None]:
    return lambda case: case.answering(Given(body, **more))


@contextmanager
def silent() -> Iterator[str]:
    """The address of a listener that never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"


def _silent(case: Case) -> None:
    case.applicant.seconds = 0.3
    case.at(SILENT[0])


def _bounds(**bounds: object) -> Callable[[Case], None]:
    def set_bounds(case: Case) -> None:
        case.applicant.bounds = replace(case.applicant.bounds, **bounds)

    return set_bounds


def _set(**given: object) -> Callable[[Case], None]:
    return lambda case: vars(case.applicant).update(given)


SILENT: list[str] = []
NOWHERE = "http://127.0.0.1:1/"
CASES: dict[tuple[str, str], Callable[[Case], None]] = {
    ("served", "not-served"): lambda case: case.contract('style="document"', 'style="rpc"'),
    ("schemas", "schema-unfit"): lambda case: case.contract('type="xs:decimal"', 'type="t:Nowhere"'),
    ("schemas", "schema-not-judged"): lambda case: case.contract(FIN, "([0-9A-HJ-NP-Z]|[0-9A-HJ-NP-Z]{2})+"),
    ("fin", "fin-pattern"): lambda case: case.contract(FIN, "[0-9A-Z]{7}"),
    ("fin", "fin-missing"): lambda case: case.contract('name="fin"', 'name="passport"'),
    ("duplicates", "duplicate-likely"): lambda case: case.registered(),
    ("tls", "tls-missing"): _bounds(require_tls=True),
    ("tls", "tls-version"): lambda case: case.showing(certificate_for(ca=CA), legacy=True),
    ("tls", "tls-untrusted"): _show(ca=None),
    ("tls", "tls-name"): _show(host="other.example"),
    ("tls", "tls-expired"): _show(days=-2),
    ("tls", "tls-early"): _show(begins=2),
    ("tls", "tls-days"): _show(days=10),
    ("tls", "tls-key"): _show(bits=1024),
    ("tls", "tls-certificate"): lambda case: case.showing(unreadable(CA)),
    ("tls", "tls-handshake"): Case.https,
    ("tls", "tls-timeout"): _silent,
    ("tls", "not-reached"): lambda case: case.at("https://127.0.0.1:1/"),
    ("tls", "address-forbidden"): Case.forbidden,
    ("reach", "not-soap"): _answer(b"<html/>", media="text/html"),
    ("reach", "redirect"): _answer(b"", raw=REDIRECT),
    ("reach", "timeout"): lambda case: case.slow(0.8, 0.3),
    ("reach", "too-large"): lambda case: case.answering(LARGE),
    ("reach", "not-reached"): lambda case: case.at(NOWHERE),
    ("reach", "tls-failed"): Case.https,
    ("reach", "address-forbidden"): Case.forbidden,
    ("exchange", "trial-request"): _set(request="<broken"),
    ("exchange", "answer-fault"): lambda case: case.answering(Given(FAULT, 500)),
    ("exchange", "receipt"): Case.crowded,
    ("exchange", "PRV-01"): lambda case: case.at(NOWHERE),
    ("exchange", "PRV-02"): lambda case: case.slow(0.8, 0.3),
    ("exchange", "PRV-03"): _answer(b"<html/>", media="text/html"),
    ("exchange", "PRV-04"): _set(terms={"answer_signature": AnswerSignature.REQUIRED}),
    ("exchange", "PRV-06"): _answer(b"", raw=b""),
    ("exchange", "PRV-07"): lambda case: case.answering(LARGE),
    ("exchange", "SCH-01"): _set(request=PERSONS.replace("5ABC123", "nobody")),
    ("exchange", "SCH-02"): _answer(envelope11(PERSON.replace(b"surname", b"surnome"))),
    ("answer", "answer-envelope"): _answer(b"<html/>"),
    ("answer", "answer-element"): _answer(envelope11(b'<p:CountPersonsResponse xmlns:p="urn:example:person"/>')),
    ("answer", "answer-schema"): _answer(envelope11(PERSON.replace(b"1990-05-12", b"yesterday"))),
    ("answer", "answer-fault"): lambda case: case.answering(Given(FAULT, 500)),
    ("latency", "latency-median"): lambda case: (case.slow(0.1, 1.0), _bounds(median_seconds=0.05)(case)),
    ("latency", "latency-p95"): lambda case: (case.slow(0.1, 1.0), _bounds(p95_seconds=0.05)(case)),
    ("latency", "latency-broken"): Case.breaking,
}


@pytest.fixture
def case(applicant: Applicant, provider: Provider, sqlite_database: str) -> Iterator[Case]:
    case = Case(applicant, provider, Path(sqlite_database.removeprefix("sqlite:///")).parent)
    with silent() as url:
        SILENT[:] = [url]
        yield case


def run(case: Case, check: str) -> Result:
    """Run one check, with what the ones before it must have found out."""
    functions = {one.name: one.run for one in CHECKS}
    with case.applicant.trying() as context:
        if check in ("answer", "latency"):
            functions["exchange"](context)
        return functions[check](context)


@pytest.mark.parametrize(("check", "reason"), CASES)
def test_a_provider_that_fails_by_it(check: str, reason: str, case: Case) -> None:
    CASES[check, reason](case)
    assert reason in {one.rule for one in run(case, check).findings}


def test_no_reason_is_without_its_provider_and_none_is_unknown() -> None:
    known = {(one.name, reason) for one in CHECKS for reason in one.reasons}
    statements = {("contract", one) for one in BROKEN}
    # Both are refused when the contract is read, before there is anything to be checked (tests/unit/wsdl).
    unread = {("contract", "R2007"), ("contract", "R2101")}
    assert CASES.keys() | statements | unread == known


def test_what_a_check_says_is_among_its_reasons() -> None:
    """Held on the source: a finding by a reason that its module does not list could have no test."""
    for path in (ROOT / "esb/admin/checks").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        said = set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', text)) - NO_REASONS
        listed = set().union(*(one.reasons for one in CHECKS if one.run.__module__.endswith(f".{path.stem}")))
        assert said <= listed, path.name


def test_every_reason_stands_in_the_documentation() -> None:
    text = (ROOT / "docs/connection.md").read_text(encoding="utf-8")
    reasons = {reason for one in CHECKS for reason in one.reasons if not reason.startswith("PRV-")}
    assert sorted(one for one in reasons if one not in text) == []
