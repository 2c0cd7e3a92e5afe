"""Why a call would or would not pass now: the wire's own decisions, asked one after the other and told in words.

Nothing is decided here.  Each step calls the function that the way of a message calls, so an explanation cannot say
anything else than the bus does; tests/properties/test_explanations.py holds the two against each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from esb.admin.trust import Trust
from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.certs.standing import check_standing
from esb.kernel import rules
from esb.kernel.directory import CertificateUse, Directory, Grant, KnownCertificate, Operation, Service
from esb.kernel.faults import Refusal
from esb.kernel.message import ExchangeHeader
from esb.kernel.names import ServiceId
from esb.registry.database import reading
from esb.registry.snapshot import build_directory
from esb.routing.grants import FIELDS, askers, check_member, find_grant, misfit
from esb.routing.limits import Quotas
from esb.routing.table import find_operation, find_service

_NO_ELEMENT: Final = "\0"  # no operation's input is called so


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    Attributes:
        name: ``certificate``, ``member``, ``service``, ``operation``, ``grant 17``, ``grant`` or ``quota``.
        rule: the rule that it breaks, "" where it passes.
        text: what was found.
        decides: False for one of several certificates or grants, of which one that passes is enough.
    """

    name: str
    rule: str
    text: str
    decides: bool = True

    @property
    def passes(self) -> bool:
        """Whether nothing stands in the way here."""
        return not self.rule


@dataclass(frozen=True, slots=True)
class Call:
    """What would become of a call of one operation.

    Attributes:
        operation: its name; "" where the service is not there to have any.
        steps: in the order of the wire.
    """

    operation: str
    steps: tuple[Step, ...]

    @property
    def rule(self) -> str:
        """The rule with which the bus would refuse it, "" when it would pass."""
        return next((step.rule for step in self.steps if step.decides and step.rule), "")


def read_directory(engine: Engine, trust: Trust, now: float) -> Directory:
    """Read the registry as a bus that started now would.

    Raises:
        RegistryUnavailable: the database cannot be asked.
    """
    loader = CertificateLoader()
    ready = trust.known(loader, lambda: now)

    def known(der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate | None:
        try:
            return ready(der, owner, use, revoked)
        except CertificateUnreadable:
            return None

    with reading(engine) as session:
        return build_directory(session.connection(), known, loader.index, now)


def header_of(consumer: str, fields: Mapping[str, str]) -> ExchangeHeader:
    """The exch:Exchange header of a call: its fields as on the wire, and the client where the consumer is a system.

    Raises:
        KeyError: a field that the header does not have.
    """
    given = {FIELDS[name]: value for name, value in fields.items()}
    if "/" in consumer:
        given.setdefault("client", consumer)
    return ExchangeHeader(**given)


def explain(
    directory: Directory,
    consumer: str,
    service: ServiceId,
    header: ExchangeHeader,
    now: float,
    *,
    operation: str | None = None,
    used: Mapping[int, int] | None = None,
) -> tuple[Call, ...]:
    """Say what would become of a call, for one operation or for each that the service has.

    What depends on the moment's load, the provider and the message's own form is not looked at.

    Args:
        consumer: ``MEMBER`` or ``MEMBER/SYSTEM``; the member signs.
        now: Unix seconds.
        operation: its name in the WSDL; None for all.
        used: what was used today of grants' quotas, by grant.
    """
    signer = consumer.partition("/")[0]
    first = (
        *_certificates(directory, signer, now),
        _member(directory, signer),
        _service(directory, service, now),
    )
    found = directory.services.get(service.path)
    if found is None:
        return (Call(operation or "", first),)
    known = sorted(found.operations.values(), key=lambda each: each.name)
    wanted = [each for each in known if operation in (None, each.name)]
    if not wanted:
        return (Call(operation or "", (*first, _operation(found, _NO_ELEMENT, ""))),)
    return tuple(
        Call(
            each.name,
            (
                *first,
                _operation(found, each.input, each.name),
                *_grants(directory, signer, found, each, header, now, used or {}),
            ),
        )
        for each in wanted
    )


def _certificates(directory: Directory, signer: str, now: float) -> list[Step]:
    own = [
        each
        for each in directory.certificates.by_sha256.values()
        if each.owner == signer and each.use is CertificateUse.SIGNING
    ]
    if not own:
        text = f"no signing certificate of {signer} is registered: esb member enrol {signer} --csr FILE"
        return [Step("certificate", rules.CRT_KNOWN.id, text)]
    own.sort(key=lambda each: (each.not_after, each.sha256))
    steps = [
        _asked(
            f"certificate {each.sha256.hex()[:16]}…",
            lambda each=each: check_standing(each, now),  # type: ignore[misc]
            f"may sign until {_day(each.not_after)}",
            decides=False,
        )
        for each in own
    ]
    good = [step for step in steps if step.passes]
    if good:
        return [*steps, Step("certificate", "", f"{len(good)} of {len(steps)} may sign")]
    return [*steps, Step("certificate", steps[-1].rule, "none may sign; the newest: " + steps[-1].text)]


def _member(directory: Directory, signer: str) -> Step:
    member = directory.members.get(signer)
    standing = "is not registered" if member is None else f"is {member.status.value}"
    return _asked("member", lambda: check_member(directory, signer), f"{signer} {standing}", f"{signer} {standing}. ")


def _service(directory: Directory, service: ServiceId, now: float) -> Step:
    found = directory.services.get(service.path)
    if found is None:
        standing = "is not registered"
    else:
        owner = directory.members.get(service.member)
        status = "unknown" if owner is None else owner.status.value
        end = "" if found.sunset is None else f", until {_day(found.sunset)}"
        standing = f"is {found.status.value}{end}, its owner {status}"
    text = f"{service} {standing}"
    return _asked("service", lambda: find_service(directory, service.path, now), text, f"{text}. ")


def _operation(service: Service, element: str, name: str) -> Step:
    return _asked("operation", lambda: find_operation(service, element), f"the service has {name}")


def _grants(
    directory: Directory,
    signer: str,
    service: Service,
    operation: Operation,
    header: ExchangeHeader,
    now: float,
    used: Mapping[int, int],
) -> list[Step]:
    steps = []
    try:
        names = askers(signer, header)
    except Refusal as refusal:
        return [_refused("grant", refusal)]
    for name in names:
        for grant in directory.grants.get((name, service.id.text), ()):
            failure = misfit(grant, operation, header, now)
            title = f"grant {grant.id}"
            if failure is None:
                steps.append(Step(title, "", _terms(grant), decides=False))
            else:
                steps.append(_refused(title, failure[1], f"{_terms(grant)}: ", decides=False))
    try:
        chosen, client = find_grant(directory, signer, service, operation, header, now)
    except Refusal as refusal:
        return [*steps, _refused("grant", refusal)]
    return [*steps, Step("grant", "", f"{client} asks under grant {chosen.id}"), _quota(chosen, now, used)]


def _quota(grant: Grant, now: float, used: Mapping[int, int]) -> Step:
    quotas = Quotas()
    quotas.restore(lambda: used, now)
    count = used.get(grant.id, 0)
    limits = [
        f"{count} of {grant.per_day} used today" if grant.per_day is not None else "",
        f"at most {grant.per_second} in a second" if grant.per_second is not None else "",
    ]
    text = ", ".join(limit for limit in limits if limit) or "no quota"
    return _asked("quota", lambda: quotas.take(grant, now), text, f"{text}. ")


def _terms(grant: Grant) -> str:
    operations = "all operations" if grant.operations is None else ", ".join(sorted(grant.operations))
    until = "without end" if grant.valid_until is None else f"until {_day(grant.valid_until)}"
    required = f", requires {', '.join(sorted(grant.required_fields))}" if grant.required_fields else ""
    return f"{grant.consumer}, {operations}, “{grant.purpose}”, from {_day(grant.valid_from)} {until}{required}"


def _asked(name: str, decision: Callable[[], object], good: str, before: str = "", *, decides: bool = True) -> Step:
    try:
        decision()
    except Refusal as refusal:
        return _refused(name, refusal, before, decides=decides)
    return Step(name, "", good, decides)


def _refused(name: str, refusal: Refusal, before: str = "", *, decides: bool = True) -> Step:
    told = {key: value for key, value in refusal.particulars.items() if key in ("missing", "operations", "reason")}
    more = f" ({'; '.join(f'{key}: {value}' for key, value in told.items())})" if told else ""
    return Step(name, refusal.rule.id, f"{before}{refusal.reason}{more}", decides)


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
