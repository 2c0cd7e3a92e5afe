"""Applying for connection and having an application checked: what the command line and the bus's own service share.

Contracts come as files and are kept with the application, also where the bus could not serve them: a check that says
why is more use to an agency than a door that is shut.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Engine

from esb.admin.checks.model import Bounds, Context, Exchange, Report, Result, Subject, read_report
from esb.admin.checks.order import run_checks
from esb.admin.checks.wire import Line
from esb.admin.duplicates import likely_duplicates
from esb.admin.likeness import Likeness
from esb.kernel.contract import Contract
from esb.registry.acts import Act, acting
from esb.registry.applications import (
    amend_application,
    connected,
    file_application,
    get_application,
    note_checks,
    particulars_of,
)
from esb.registry.connections import standing_terms
from esb.registry.contracts import get_contract, put_contract
from esb.registry.database import reading
from esb.registry.documents import get_document, put_document
from esb.registry.errors import NotFound
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits, Step, next_state
from esb.registry.procedure_models import ApplicationRow
from esb.registry.reports import get_report
from esb.registry.resources import get_resource
from esb.registry.services import Terms, get_service
from esb.schemas.judge import Judge
from esb.wsdl.addresses import AddressRules
from esb.wsdl.pack import pack, unpack
from esb.wsdl.read import complete
from esb.wsdl.refuse import ContractRefused

Trial = Callable[[Line], Callable[[Subject, Contract, Judge], Exchange]]
"""Makes what makes a trial bus, for a line to the provider."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A document that comes with an application."""

    content: bytes
    name: str
    media_type: str
    title: str


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What checks are given by whoever runs them."""

    bounds: Bounds
    rules: AddressRules
    call_seconds: float
    answer_bytes: int
    tls: ssl.SSLContext


def apply_for_connection(
    engine: Engine,
    applicant: str,
    kind: Kind,
    particulars: Particulars,
    *,
    contract: Contract | None = None,
    documents: Iterable[Attached] = (),
    limits: Limits,
    author: str,
    now: float,
) -> int:
    """File an application and return its number.

    Args:
        applicant: the member's code.
        contract: a closed set of documents (:func:`esb.wsdl.read.read_closed`), whether or not the bus can serve it.
        limits: the procedure's time limits.

    Raises:
        Incomplete: with everything that is missing.
        Invalid, NotFound, Conflict: from the registry.
    """
    with acting(engine, author, now) as act:
        digest = None if contract is None else keep_contract(act, contract)
        if contract is not None and particulars.endpoint is None and kind is Kind.NEW:
            particulars = replace(particulars, endpoint=_address(contract))
        return file_application(
            act, applicant, kind, particulars, contract=digest, documents=_keep(act, documents), limits=limits
        )


def amend(
    engine: Engine,
    number: int,
    particulars: Particulars,
    reason: str,
    *,
    contract: Contract | None = None,
    documents: Iterable[Attached] = (),
    limits: Limits,
    author: str,
    now: float,
) -> None:
    """File a returned application again, mended.  Raises as :func:`apply_for_connection`."""
    with acting(engine, author, now) as act:
        digest = None if contract is None else keep_contract(act, contract)
        kept = _keep(act, documents)
        amend_application(act, number, particulars, reason, contract=digest, documents=kept, limits=limits)


def check_application(
    engine: Engine,
    number: int,
    settings: CheckSettings,
    trial: Trial,
    *,
    limits: Limits,
    author: str,
    clock: Callable[[], float],
    told: Callable[[Result], None],
) -> Report:
    """Run every check on an application, keep the report with it, and return it.  Blocks; never on a reactor.

    Args:
        told: is told each result as it comes.

    Raises:
        StepForbidden: the application does not stand where it can be checked.
        NotFound, RegistryUnavailable.
    """
    with reading(engine) as session:
        row = get_application(session, number)
        next_state(row.state, Step.CHECK)
        subject = subject_of(session, row)
    line = Line(settings.rules, settings.call_seconds, settings.answer_bytes, settings.tls)
    context = Context(subject, settings.bounds, line, trial(line), partial(alike, engine), clock())
    report = run_checks(context, told)
    with acting(engine, author, clock()) as act:
        note_checks(act, number, report.text, report.passed, limits)
    return report


def subject_of(session: Any, row: ApplicationRow) -> Subject:
    """What of an application is checked: the service as it would stand, by its own contract or the one it has now."""
    given = particulars_of(row)
    if given.service is None or row.kind is Kind.RETIREMENT:
        comes = None if row.kind is Kind.RETIREMENT else given.resource  # what goes is no duplicate of anything
        return Subject(None, None, Terms(endpoint=""), name=connected(row), resource=comes)
    known, contract = None, row.contract
    if row.kind is not Kind.NEW:
        known = standing_terms(session, given.service_id())
        contract = contract or get_service(session, given.service_id()).contract
    return Subject(
        given.target(),
        None if contract is None else contract_of(session, contract),
        given.terms(known),
        given.trial_operation,
        given.trial_request,
        given.target().text,
        given.resource,
        None if row.kind is Kind.NEW else given.service_id(),
    )


def alike(engine: Engine, subject: Subject, contract: Contract | None) -> Sequence[Likeness]:
    """What is registered already and like an applying service, by its contract, or like its entry of a register.

    What it is now, under its name before a transfer or of another version, is no duplicate of it; nor are its own entry
    and its own service of one another.

    Raises:
        RegistryUnavailable: the registry cannot be read.
    """
    entry = None
    if subject.resource is not None:
        with reading(engine) as session:
            entry = get_resource(session, subject.resource).entry
    names = () if entry is None else (entry.name.az, entry.name.en)
    found = likely_duplicates(engine, contract=contract, names=names, service=subject.service, entry=entry)
    own = None if subject.before is None else subject.before.text.rpartition("/")[0]
    return [each for each in found if own is None or each.key.rpartition("/")[0] != own]


def keep_contract(act: Act, closed: Contract) -> str:
    """Keep a contract among the registered ones, or, where the bus could not serve it, in the archive of documents.

    Returns its digest: that of its packed form in either place.
    """
    try:
        contract = complete(closed)
    except ContractRefused:
        return put_document(act, pack(closed), "contract.json", "application/json")
    return put_contract(act, pack(contract), contract)


def contract_of(session: Any, digest: str) -> Contract:
    """The contract that :func:`keep_contract` kept.  Raises :class:`~esb.registry.errors.NotFound`."""
    try:
        return unpack(get_contract(session, digest).packed)
    except NotFound:
        return unpack(get_document(session, digest).content)


def report_of(session: Any, row: ApplicationRow) -> Report | None:
    """The report that was kept last with an application, None where it was not checked."""
    return None if row.report is None else read_report(get_report(session, row.report).report)


def _keep(act: Act, documents: Iterable[Attached]) -> Mapping[str, str]:
    return {put_document(act, one.content, one.name, one.media_type): one.title for one in documents}


def _address(closed: Contract) -> str | None:
    try:
        return complete(closed).endpoint or None
    except ContractRefused:
        return None
