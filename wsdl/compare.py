"""Comparing a new contract with a registered one, operation by operation: identical, compatible or breaking."""

from collections.abc import Iterator

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.wsdl.changes import Change, Effect, Finding, Report, Side, Verdict, judged
from esb.wsdl.compare_types import Comparison
from esb.wsdl.components import index
from esb.wsdl.definitions import local, namespace_of
from esb.wsdl.meaning import Meaning, Unclear
from esb.wsdl.model import Direction, OperationModel
from esb.wsdl.read import interface_of


def compare(old: Contract, new: Contract) -> Report:
    """Every difference between two contracts that consumers could meet, the breaking ones first.

    Documentation, the names of documents, what stands where, and the spelling of prefixes make no difference.  Blocks
    for some milliseconds, for large families a second.
    """
    return Report(tuple(_ordered(_Contracts(old, new).changes())))


def _ordered(changes: Iterator[Change]) -> list[Change]:
    # A type that several places share tells each of its changes once for each operation and side.
    return sorted(dict.fromkeys(changes), key=lambda each: each.verdict is not Verdict.BREAKING)


class _Contracts:
    def __init__(self, old: Contract, new: Contract) -> None:
        self.old, self.new = old, new
        self.before, self.after = Meaning(index(old)), Meaning(index(new))

    def changes(self) -> Iterator[Change]:
        yield from self._whole()
        before, after = _models(self.old), _models(self.new)
        renamed = _renamed(before, after)
        for name, model in before.items():
            other = after.get(name)
            if other is not None:
                yield from self._operation(model, other)
            elif name in renamed:
                yield _broken(name, Side.CALL, f"the operation is called {renamed[name]} now", _BY_NAME)
                yield from self._operation(model, after[renamed[name]])
            else:
                yield _broken(name, Side.CALL, "the operation was removed", "consumers that ask it would be refused")
        for name in after:
            if name not in before and name not in renamed.values():
                yield _fine(name, Side.CALL, "the operation was added", "nobody asks it yet")

    def _whole(self) -> Iterator[Change]:
        for what, was, becomes in (
            ("target namespace", self.old.namespace, self.new.namespace),
            ("port type", self.old.port_type, self.new.port_type),
            ("service", self.old.service_name, self.new.service_name),
        ):
            if was != becomes:
                said = f"the WSDL's {what} is {becomes or 'none'!r} instead of {was or 'none'!r}"
                if what == "target namespace":
                    yield _broken("", Side.CALL, said, "consumers' programs know the port by that name")
                else:
                    yield _fine("", Side.CALL, said, "no message shows it")
        if self.old.provider_versions != self.new.provider_versions:
            yield _fine(
                "", Side.CALL, "the provider speaks other SOAP versions", "the bus takes both from consumers as before"
            )

    def _operation(self, old: OperationModel, new: OperationModel) -> Iterator[Change]:
        name = old.operation.name
        yield from _actions(old.operation, new.operation)
        yield from self._side(name, Side.REQUEST, old.input, new.input)
        if (old.output is None) != (new.output is None):
            becomes = "is one-way now" if new.output is None else "is answered now"
            yield _broken(name, Side.ANSWER, f"the operation {becomes}", "consumers wait for an answer, or do not")
        elif old.output is not None and new.output is not None:
            yield from self._side(name, Side.ANSWER, old.output, new.output)
        yield from self._faults(name, old, new)

    def _side(self, name: str, side: Side, old: Direction, new: Direction) -> Iterator[Change]:
        was, becomes = (each.body.element if each.body else "" for each in (old, new))
        if was != becomes:
            moved = local(was) == local(becomes) and was != ""
            said = (
                f"the element {local(was)} is in the namespace {namespace_of(becomes) or 'none'!r} "
                f"instead of {namespace_of(was) or 'none'!r}"
                if moved
                else f"the message is {becomes or 'an empty Body'} instead of {was or 'an empty Body'}"
            )
            yield _broken(name, side, said, "messages are known by that element")
        elif was:
            yield from self._element(name, side, was)
        yield from self._headers(name, side, old, new)

    def _element(self, name: str, side: Side, clark: str) -> Iterator[Change]:
        comparison = Comparison(self.before, self.after)
        try:
            old, new = self.before.named("element", clark), self.after.named("element", clark)
        except Unclear as error:
            finding = Finding(f"/{local(clark)}", f"what it may hold: {error}", Effect.BOTH, True)
            yield judged(finding, name, side)
            return
        for finding in comparison.element(old, new, f"/{local(clark)}"):
            yield judged(finding, name, side)

    def _headers(self, name: str, side: Side, old: Direction, new: Direction) -> Iterator[Change]:
        was, becomes = ({header.part.element for header in each.headers} for each in (old, new))
        for element in sorted(becomes - was):
            said = f"the header {local(element)} was added"
            if side is Side.REQUEST:
                yield _broken(name, side, said, "whether requests without it pass cannot be told")
            else:
                yield _fine(name, side, said, "consumers pass over headers that they do not know")
        for element in sorted(was - becomes):
            said = f"the header {local(element)} was removed"
            if side is Side.REQUEST:
                yield _fine(name, side, said, "requests that hold it stay lawful")
            else:
                yield _broken(name, side, said, "whether consumers rely on it cannot be told")
        for element in sorted(was & becomes):
            yield from self._element(name, side, element)

    def _faults(self, name: str, old: OperationModel, new: OperationModel) -> Iterator[Change]:
        was, becomes = ({fault.body.element for fault in each.faults if fault.body} for each in (old, new))
        for element in sorted(becomes - was):
            yield _fine(
                name, Side.ANSWER, f"the fault {local(element)} was added", "any SOAP fault may come at any time"
            )
        for element in sorted(was - becomes):
            yield _fine(name, Side.ANSWER, f"the fault {local(element)} was removed", "it comes no more")
        for element in sorted(was & becomes):
            yield from self._element(name, Side.ANSWER, element)


_BY_NAME = "grants, default actions and consumers' programs name it"


def _broken(operation: str, side: Side, what: str, why: str) -> Change:
    return Change(operation, side, "", what, Verdict.BREAKING, why)


def _fine(operation: str, side: Side, what: str, why: str) -> Change:
    return Change(operation, side, "", what, Verdict.COMPATIBLE, why)


def _models(contract: Contract) -> dict[str, OperationModel]:
    return {model.operation.name: model for model in interface_of(contract).operations}


def _renamed(before: dict[str, OperationModel], after: dict[str, OperationModel]) -> dict[str, str]:
    """Operations that are gone by name while a new one takes the same element: old name → new name."""
    fresh = {model.operation.input: name for name, model in after.items() if name not in before}
    return {
        name: fresh[model.operation.input]
        for name, model in before.items()
        if name not in after and model.operation.input in fresh
    }


def _actions(old: Operation, new: Operation) -> Iterator[Change]:
    """Whether every action that consumers may say today may still be said (ADR-01), and answers say the same."""
    taken = {new.soap_action, *new.actions, ""}
    lost = sorted({old.soap_action, *old.actions} - taken)
    if lost:
        said = f"SOAPAction or wsa:Action {lost[0]!r} is {new.soap_action!r} now"
        yield _broken(old.name, Side.REQUEST, said, "requests that say it would be refused (ADR-01)")
    elif not old.actions and new.actions:
        yield _broken(
            old.name, Side.REQUEST, "SOAPAction is declared now", "requests that say another would be refused"
        )
    elif old.soap_action != new.soap_action:
        said = f"SOAPAction is {new.soap_action!r} instead of {old.soap_action!r}"
        yield _fine(old.name, Side.REQUEST, said, "the old one is still lawful")
    if old.output is not None and new.output is not None and old.output_action != new.output_action:
        said = f"the answer's wsa:Action is {new.output_action!r} instead of {old.output_action!r}"
        yield _broken(old.name, Side.ANSWER, said, "consumers may check it")
