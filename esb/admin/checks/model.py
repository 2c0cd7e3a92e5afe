"""What checks are given and what they give: a subject with its bounds, and results with their evidence."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from esb.admin.checks.wire import Line
from esb.admin.likeness import Likeness
from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.registry.services import Terms
from esb.schemas.check import Checked, check_contract
from esb.schemas.compile import compile_judge
from esb.schemas.judge import Judge
from esb.wsdl.read import complete
from esb.wsdl.refuse import ContractRefused
from esb.wsdl.sample import sample_request


class Outcome(Enum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        rule: what it breaks: ``R2706`` of WS-I Basic Profile, or the check's own reason, such as ``tls-expired``.
        text: what is so, and where.
        mend: what to do.
        grave: whether the check fails by it; else it is a warning.
    """

    rule: str
    text: str
    mend: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found, with the evidence as plain JSON."""

    check: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def judged(check: str, findings: tuple[Finding, ...] | list[Finding], facts: Mapping[str, Any]) -> Result:
    """A result that fails when any of its findings is grave."""
    outcome = Outcome.FAIL if any(one.grave for one in findings) else Outcome.PASS
    return Result(check, outcome, tuple(findings), dict(facts))


def not_applicable(check: str, why: str) -> Result:
    """A result that says why there was nothing to check."""
    return Result(check, Outcome.NOT_APPLICABLE, (), {"why": why})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    Attributes:
        service: the name under which it would stand; of a register's entry alone, None.
        name: the service's or entry's name, for the report.
        contract: its contract, or a closed set that the bus may not be able to serve; None where there is none.
        terms: on which it would be served.
        operation, request: what may be called, and the Body's element as XML; None to choose.
        resource: the code of the register's entry that it belongs to, or is; None where there is none.
        before: the name under which the service stands now, where it will stand under another.
    """

    service: ServiceId | None
    contract: Contract | None
    terms: Terms
    operation: str | None = None
    request: str | None = None
    name: str = ""
    resource: str | None = None
    before: ServiceId | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a provider must keep to.

    Attributes:
        require_tls: whether plain HTTP fails.
        certificate_days: that a TLS certificate must have left.
        calls: how many exchanges latency is measured by.
        median_seconds, p95_seconds: what they may take.
        total_seconds: after which no further call is made.
    """

    require_tls: bool = True
    certificate_days: int = 30
    calls: int = 20
    median_seconds: float = 1.0
    p95_seconds: float = 3.0
    total_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One signed trial exchange through the bus.

    Attributes:
        refusal: ``RULE: reason`` where the bus refused, else "".
        receipt: problems of the signed answer as its consumer sees it: signature, receipt, evidence; none when whole.
        answer: the provider's own answer, None where none came.
        seconds: that the provider took.
        facts: digests, the exchange's id and records, for the report.
    """

    refusal: str
    receipt: tuple[str, ...]
    answer: bytes | None
    seconds: float
    facts: Mapping[str, Any]


Exchange = Callable[[Operation, bytes], Exchanged]
"""Carries one request, the Body's element as XML, through a bus of the subject's own."""


Alike = Callable[[Subject, Contract | None], Sequence[Likeness]]
"""Finds what is registered already and like the subject, by its contract where the bus can serve it."""


class NotTried(EsbError):
    """A trial needs what an earlier check found missing."""


@dataclass
class Context:
    """What the checks share: the subject, and what was found out about it so far.

    Args:
        exchange: makes the trial bus once the contract is known to be fit.
        alike: finds likely duplicates (blocking).
    """

    subject: Subject
    bounds: Bounds
    line: Line
    exchange: Callable[[Subject, Contract, Judge], Exchange]
    alike: Alike
    now: float
    tried: list[Exchanged] = field(default_factory=list)

    @cached_property
    def refused(self) -> tuple[str, ...]:
        """Why the bus could not serve the contract; nothing when it could."""
        try:
            assert self.subject.contract is not None
            complete(self.subject.contract)
        except ContractRefused as error:
            return error.problems
        return ()

    @cached_property
    def contract(self) -> Contract:
        """The contract as the bus serves it.  Raises :class:`NotTried`."""
        if self.subject.contract is None:
            raise NotTried("there is no contract")
        if self.refused:
            raise NotTried("the contract cannot be served")
        return complete(self.subject.contract)

    @cached_property
    def schemas(self) -> Checked:
        """What is known of the contract's schemas."""
        assert self.subject.contract is not None
        return check_contract(self.subject.contract)

    @cached_property
    def judge(self) -> Judge:
        """What judges contents by the contract.  Raises :class:`NotTried`."""
        contract = self.contract
        if self.schemas.problems:
            raise NotTried("the contract's schemas cannot be judged by")
        return compile_judge(contract)

    @cached_property
    def operation(self) -> Operation:
        """The operation that may be called.  Raises :class:`NotTried`."""
        operations = [one for one in self.contract.operations if one.output is not None]
        chosen = [one for one in operations if self.subject.operation in (None, one.name)]
        if not chosen:
            raise NotTried("the contract has no operation that answers, or none of that name")
        return chosen[0]

    @cached_property
    def request(self) -> bytes:
        """The Body's element to be sent.  Raises :class:`NotTried`."""
        if self.subject.request is not None:
            return self.subject.request.encode()
        if not self.operation.input:
            return b""
        from esb.kernel.xml import XmlLimits, canonicalize, parse_message

        try:
            sample = sample_request(self.contract, self.operation)
        except EsbError as error:
            raise NotTried(f"no request can be made from the schema: {error}") from error
        body = parse_message(sample, XmlLimits())[1]
        return canonicalize(body[0])

    @cached_property
    def carry(self) -> Exchange:
        """A bus of the subject's own.  Raises :class:`NotTried`."""
        return self.exchange(self.subject, self.contract, self.judge)

    def try_once(self) -> Exchanged:
        """One more trial exchange; all are remembered.  Raises :class:`NotTried`, :class:`WireFailed`."""
        exchanged = self.carry(self.operation, self.request)
        self.tried.append(exchanged)
        return exchanged


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found, frozen.

    Attributes:
        at: Unix seconds when they began.
        contract: digest of the contract they looked at, None where there was none.
    """

    subject: str
    endpoint: str
    contract: str | None
    at: float
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(one.outcome is not Outcome.FAIL for one in self.results)

    @property
    def text(self) -> str:
        """As JSON, always the same for the same report: what is kept, and digested."""
        value = {
            "format": "shluz-check-report-1",
            "subject": self.subject,
            "endpoint": self.endpoint,
            "contract": self.contract,
            "at": self.at,
            "passed": self.passed,
            "results": [
                {
                    "check": one.check,
                    "outcome": one.outcome.value,
                    "findings": [asdict(finding) for finding in one.findings],
                    "facts": dict(one.facts),
                }
                for one in self.results
            ],
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """The digest of :attr:`text` in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_report(text: str) -> Report:
    """The report that :attr:`Report.text` wrote."""
    value = json.loads(text)
    results = tuple(
        Result(
            one["check"],
            Outcome(one["outcome"]),
            tuple(Finding(**finding) for finding in one["findings"]),
            MappingProxyType(one["facts"]),
        )
        for one in value["results"]
    )
    return Report(value["subject"], value["endpoint"], value["contract"], value["at"], results)
