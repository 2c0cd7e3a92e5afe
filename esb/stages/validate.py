"""Validate: a Body is judged against the published schema, in both directions."""

from collections.abc import Awaitable
from typing import Final

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import Judgement
from esb.kernel.faults import Refusal, Rule
from esb.kernel.message import Authorized, JudgedAnswer, SignedPart, Validated, VerifiedAnswer, Violation
from esb.kernel.xml import XmlLimits, bindings, parse_message
from esb.schemas.judge import Judge
from esb.stages.way import Way

_XSI_TYPE: Final = f"{{{ns.XSI}}}type"
_XSI: Final = ns.XSI.encode()
_TOLD: Final = 5  # violations told in a fault; the judge itself stops at twenty


class SchemaRefusal(Refusal):
    """A Body breaks its schema; carries the places."""

    def __init__(self, rule: Rule, violations: tuple[Violation, ...]) -> None:
        first = violations[0]
        super().__init__(
            rule,
            "The Body is not valid against the published schema.",
            {"line": str(first.line), "column": str(first.column), "path": first.path, "expected": first.expected},
        )
        self.violations = violations[:_TOLD]


def validate(message: Authorized, way: Way) -> Validated | Awaitable[Validated]:
    """Judge the request.  Awaits only when the contract is not compiled in memory yet.

    Raises:
        Refusal: SCH-01, SIG-14.
    """
    judge = way.judges.get(message.service.contract)
    if judge is None:
        return _load_and_validate(message, way)
    return _validate(message, judge, way)


async def _load_and_validate(message: Authorized, way: Way) -> Validated:
    return _validate(message, await way.judges.load(message.service.contract), way)


def _validate(message: Authorized, judge: Judge, way: Way) -> Validated:
    part = message.authenticated.signature.body
    scope: tuple[tuple[str, str], ...] = ()
    if _XSI in part.canonical:
        scope = uncovered_types(part, judge, way.xml)
    mode = message.service.judge_request
    warnings: tuple[Violation, ...] = ()
    if mode is not Judgement.OFF and len(part.element):
        warnings = judge.judge(part.element[0], len(part.canonical))
        if warnings and mode is Judgement.ENFORCE:
            raise SchemaRefusal(rules.SCH_REQUEST, warnings)
    return Validated(message, warnings, scope)


def uncovered_types(part: SignedPart, judge: Judge, limits: XmlLimits) -> tuple[tuple[str, str], ...]:
    """Prefix bindings that an xsi:type of a signed part needs and its canonical form lacks (SIG-14).

    Exclusive C14N leaves out a prefix that only a value uses, unless the signer lists it; the binding is then outside
    the signature, and whoever can rebind it could choose another type.  It is let through only where the contract has
    one single type of that local name, so that there is nothing to choose.

    Raises:
        Refusal: SIG-14.
    """
    scope: dict[str, str] = {}
    covered = parse_message(part.canonical, limits)
    for (element, around), (_, sure) in zip(bindings(part.element), bindings(covered), strict=True):
        name = element.get(_XSI_TYPE)
        if name is None:
            continue
        prefix, _, local = name.strip().rpartition(":")
        uri = around.get(prefix, "")
        if sure.get(prefix, "") == uri:
            continue
        namespaces = judge.type_names(local)
        if not prefix or namespaces != frozenset({uri}) or scope.get(prefix, uri) != uri:
            raise Refusal(
                rules.SIG_PREFIX,
                "An xsi:type uses a prefix whose binding is not signed: list it in InclusiveNamespaces.",
                {"prefix": prefix[:64]},
            )
        scope[prefix] = uri
    return tuple(scope.items())


def validate_answer(message: VerifiedAnswer, way: Way) -> JudgedAnswer | Awaitable[JudgedAnswer]:
    """Judge the answer.  A provider's own fault is not judged: what it says is the provider's.

    Raises:
        Refusal: SCH-02.
    """
    outgoing = message.answered.routed.outgoing
    if outgoing.service.judge_answer is Judgement.OFF or message.is_fault or outgoing.operation.output is None:
        return JudgedAnswer(message, ())
    judge = way.judges.get(outgoing.service.contract)
    if judge is None:  # it judged the request, and was evicted since
        return _load_and_validate_answer(message, way)
    return _validate_answer(message, judge)


async def _load_and_validate_answer(message: VerifiedAnswer, way: Way) -> JudgedAnswer:
    return _validate_answer(message, await way.judges.load(message.answered.routed.outgoing.service.contract))


def _validate_answer(message: VerifiedAnswer, judge: Judge) -> JudgedAnswer:
    outgoing = message.answered.routed.outgoing
    payload = message.payload
    warnings: tuple[Violation, ...] = ()
    if ("" if payload is None else payload.tag) != outgoing.operation.output:
        line = 0 if payload is None else payload.sourceline or 0
        warnings = (Violation(line, 0, "/", f"element {outgoing.operation.output or 'none'}"),)
    elif payload is not None:
        warnings = judge.judge(payload, len(message.content))
    if warnings and outgoing.service.judge_answer is Judgement.ENFORCE:
        raise SchemaRefusal(rules.SCH_ANSWER, warnings)
    return JudgedAnswer(message, warnings)
