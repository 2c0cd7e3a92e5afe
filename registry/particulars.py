"""What an application says: the service or resource that it is about, on which terms, and for what."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, Final

from sqlalchemy.orm import Session

from esb.kernel.directory import AnswerSignature, Judgement, SignatureMode
from esb.kernel.names import NameInvalid, ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.checks import lawful_code, lawful_endpoint, lawful_text, lawful_timeout
from esb.registry.errors import Invalid, NotFound
from esb.registry.procedure import Kind
from esb.registry.resource_entry import ResourceStatus
from esb.registry.resources import ResourceVersion, get_resource
from esb.registry.services import Terms, get_service

_LONGEST_REQUEST: Final = 64_000  # characters of a trial request
_VERSIONS: Final = {"1.1": SoapVersion.V11, "1.2": SoapVersion.V12}
_WORDS: Final[Mapping[str, type[Enum]]] = {
    "signature": SignatureMode,
    "answer_signature": AnswerSignature,
    "judge_request": Judgement,
    "judge_answer": Judgement,
}


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an application says beside its contract and documents; what is None is not asked for.

    Attributes:
        purpose: what the connection, change or retirement is for.
        contact: whom to ask: an office, its telephone or e-mail.
        service: ``MEMBER/SYSTEM/SERVICE/vN``.
        resource: ``MEMBER/CODE``, an entry of a register.
        successor: the service's name after a transfer, or the next version's after a change of its contract.
        new_owner: the member to which a transfer gives the resource, and the service under the successor's name.
        endpoint, timeout, provider_version, signature, answer_signature, judge_request, judge_answer: the service's
            terms, as in :class:`esb.registry.services.Terms`, each as people write it.
        trial_operation: the operation that the checks may call; None takes the first that answers.
        trial_request: the Body's element that they send, as XML; None makes one from the schema.
    """

    purpose: str
    contact: str
    service: str | None = None
    resource: str | None = None
    successor: str | None = None
    new_owner: str | None = None
    endpoint: str | None = None
    timeout: float | None = None
    provider_version: str | None = None
    signature: str | None = None
    answer_signature: str | None = None
    judge_request: str | None = None
    judge_answer: str | None = None
    trial_operation: str | None = None
    trial_request: str | None = None

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Particulars":
        """Read from plain JSON.  Raises :class:`~esb.registry.errors.Invalid` for a field that is none or missing."""
        unknown = sorted(set(value) - {field.name for field in fields(cls)})
        if unknown:
            raise Invalid(f"an application has no particular {unknown[0][:60]!r}; leave it out")
        missing = sorted({"purpose", "contact"} - set(value))
        if missing:
            raise Invalid(f"the application does not say its {missing[0]}; add it")
        for name, given in value.items():
            number = isinstance(given, int | float) and not isinstance(given, bool)
            if given is not None and not (number if name == "timeout" else isinstance(given, str)):
                raise Invalid(f"the particular {name} is not {'a number' if name == 'timeout' else 'text'}")
        return cls(**value)

    def plain(self) -> dict[str, Any]:
        """Return as plain JSON, without what is None."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def service_id(self) -> ServiceId:
        """Return the service.  Raises :class:`~esb.registry.errors.Invalid` where the application names none."""
        return _service(self.service or "")

    def target(self) -> ServiceId:
        """Return the name under which the service stands once this is registered: the successor's where it has one."""
        return _service(self.successor or self.service or "")

    def terms(self, known: Terms | None = None) -> Terms:
        """Return the terms asked for, upon ``known`` ones where a service has some already."""
        start = known or Terms(endpoint="")
        given: dict[str, Any] = {
            name: kind(getattr(self, name)) for name, kind in _WORDS.items() if getattr(self, name) is not None
        }
        if self.endpoint is not None:
            given["endpoint"] = self.endpoint
        if self.timeout is not None:
            given["timeout"] = self.timeout
        if self.provider_version is not None:
            given["provider_version"] = _VERSIONS[self.provider_version]
        return replace(start, **given)

    @property
    def asks_for_terms(self) -> bool:
        """Whether any of the service's terms is given."""
        names = ("endpoint", "timeout", "provider_version", *_WORDS)
        return any(getattr(self, name) is not None for name in names)


def lawful_particulars(given: Particulars) -> Particulars:
    """Return particulars whose every field is one that the registry could hold.

    Raises :class:`~esb.registry.errors.Invalid`.
    """
    for name, kind in _WORDS.items():
        word = getattr(given, name)
        if word is not None and word not in {one.value for one in kind}:
            raise Invalid(f"{name} {word[:40]!r} is not one of {', '.join(str(one.value) for one in kind)}")
    if given.provider_version not in (None, *_VERSIONS):
        raise Invalid("the provider's SOAP version is 1.1 or 1.2; leave it out when it speaks both")
    for name in ("service", "successor"):
        if getattr(given, name) is not None:
            _service(getattr(given, name))
    if given.resource is not None:
        owner, _, code = given.resource.partition("/")
        lawful_code(owner, "member code")
        lawful_code(code, "resource code")
    if given.new_owner is not None:
        lawful_code(given.new_owner, "member code")
    if given.trial_request is not None and len(given.trial_request) > _LONGEST_REQUEST:
        raise Invalid(f"the trial request is longer than {_LONGEST_REQUEST} characters; choose a smaller one")
    return replace(
        given,
        purpose=lawful_text(given.purpose, "purpose"),
        contact=lawful_text(given.contact, "contact"),
        endpoint=None if given.endpoint is None else lawful_endpoint(given.endpoint, "soap"),
        timeout=None if given.timeout is None else lawful_timeout(given.timeout),
    )


def shortcomings(
    session: Session, kind: Kind, applicant: str, given: Particulars, contract: str | None
) -> tuple[str, ...]:
    """Return what an application of a kind lacks or contradicts, each with what to do; nothing when it may be filed."""
    found: list[str] = []
    if given.service is None and given.resource is None:
        found.append("it names neither a service nor a resource: say what it is about")
    entry = None if given.resource is None else _entry(session, given.resource)
    if given.resource is not None and entry is None:
        found.append(f"{given.resource} stands in neither register: enter it first (esb resource register FILE)")
    owners = set() if given.service is None else {given.service.partition("/")[0]}
    if given.resource is not None:
        owners.add(_owner(given.resource, entry))
    if applicant not in owners | ({given.new_owner} if kind is Kind.TRANSFER else set()):
        found.append(f"{applicant} applies for what is not its own: its owner applies, or its new owner")
    known = None if given.service is None else _known(session, given.service)
    if kind is Kind.NEW:
        if entry is not None and given.service is None and entry.status is not ResourceStatus.DRAFT:
            found.append(f"{given.resource} is {entry.status.value} already: apply for a change")
        if known is not None:
            found.append(f"{given.service} is registered already: apply for a change, or name another version")
        if given.service is not None and contract is None:
            found.append("a new service needs its contract: add its WSDL")
        if given.service is not None and given.endpoint is None:
            found.append("a new service needs its endpoint: add it")
    elif given.service is not None and known is None:
        found.append(f"{given.service} is not registered: check the name, or apply for a new service")
    if kind is Kind.CHANGE and not (given.asks_for_terms or contract is not None or given.resource is not None):
        found.append("nothing would change: say which terms, or add a new contract")
    if kind is Kind.CHANGE and contract is not None and given.service is not None:
        found += _next_version(session, given)
    if kind is Kind.TRANSFER:
        found += _new_owner(session, given, entry)
    elif given.new_owner is not None or (given.successor is not None and (kind is not Kind.CHANGE or contract is None)):
        found.append("only a transfer has a new owner, and only a transfer or a new contract another name")
    return tuple(found)


def _known(session: Session, service: str) -> object | None:
    try:
        return get_service(session, _service(service))
    except NotFound:
        return None


def _entry(session: Session, code: str) -> ResourceVersion | None:
    try:
        return get_resource(session, code)
    except NotFound:
        return None


def _owner(name: str, entry: ResourceVersion | None) -> str:
    """Whose a service or entry is: an entry's code begins with its first owner, who may have passed it on."""
    return name.partition("/")[0] if entry is None else entry.entry.owner


def _next_version(session: Session, given: Particulars) -> list[str]:
    before, after = given.service_id(), given.target()
    if given.successor is None or (after.member, after.system, after.service) != (
        before.member,
        before.system,
        before.service,
    ):
        return ["a new contract is a new version beside the old one: name it as the successor, such as …/v2"]
    return [f"{after} is registered already: choose the next version"] if _known(session, after.text) else []


def _new_owner(session: Session, given: Particulars, entry: ResourceVersion | None) -> list[str]:
    if given.new_owner is None:
        return ["a transfer needs its new owner: name the member"]
    found = []
    if given.service is not None:
        if given.successor is None or given.target().member != given.new_owner:
            found.append(f"the service needs a name under its new owner: {given.new_owner}/SYSTEM/SERVICE/vN")
        elif _known(session, given.target().text):
            found.append(f"{given.successor} is registered already: choose another name")
    owner = _owner(given.service or given.resource or "", None if given.service else entry)
    if owner == given.new_owner:
        found.append(f"{owner} is its owner already: name another member")
    return found


def _service(text: str) -> ServiceId:
    try:
        return ServiceId.parse(text)
    except NameInvalid as error:
        raise Invalid(str(error)) from error
