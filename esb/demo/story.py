"""Playing a scene, and checking everything that it should have left behind."""

from dataclasses import asdict, dataclass
from typing import Any

from lxml import etree

from esb.audit.log import Recorded
from esb.demo import opinion
from esb.demo.consumers import Answer
from esb.demo.offers import ground_for
from esb.demo.people import FIN_LETTERS
from esb.demo.scenes import Scene, Trick
from esb.demo.stage import Stage
from esb.kernel.namespaces import SOAP11
from esb.kernel.rules import CATALOGUE
from esb.kernel.xml import Element, parse_document


@dataclass(frozen=True, slots=True)
class Check:
    """Something that had to be so, and whether it was."""

    text: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Played:
    """A scene as it went.

    Attributes:
        outcome, rule: what the bus decided, by its signed record; ``rule_text`` is the rule's sentence.
        took_ms: from the request's last byte until the answer was recorded; ``provider_ms`` of it at the provider.
        said: what was learned, or the fault's text.
        records: names of the exchange's evidence records, oldest first.
    """

    name: str
    title: str
    consumer: str
    service: str
    operation: str
    purpose: str
    legal_basis: str
    outcome: str
    rule: str
    rule_text: str
    status: int
    took_ms: float | None
    provider_ms: float | None
    said: str
    exchange: str
    records: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether everything was as it should be."""
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, for programs."""
        return {**asdict(self), "ok": self.ok}


def play(scene: Scene, stage: Stage) -> Played:
    """Ask, and check the answer, the provider's journal and the evidence log."""
    if scene.trick is Trick.STOP:
        stage.providers[scene.system].stop()
    before = stage.delivered(scene.system) if scene.system else []
    answer = _ask(scene, stage)
    arrived = stage.delivered(scene.system)[len(before) :] if scene.system else []
    exchange = answer.receipt.exchange if answer.receipt else ""
    records = stage.evidence.show(exchange) if exchange else []
    last = records[-1].entry if records else None
    ground = ground_for(scene.consumer, scene.service)
    rule = CATALOGUE.get(answer.rule)
    return Played(
        name=scene.name,
        title=scene.title,
        consumer=scene.consumer,
        service=scene.service,
        operation=scene.operation,
        purpose=ground.purpose if ground else "",
        legal_basis=ground.legal_basis if ground else "",
        outcome=last.outcome if last else "",
        rule=answer.rule,
        rule_text=rule.text if rule else "",
        status=answer.crossing.status,
        took_ms=_ms(last.duration_us if last else None),
        provider_ms=_ms(last.provider_us if last else None),
        said=_said(scene, answer),
        exchange=exchange,
        records=tuple(each.entry.record for each in records),
        checks=(
            _as_expected(scene, answer, last.outcome if last else ""),
            *_delivery(scene, arrived),
            _second_opinion(answer, stage),
            _evidence(answer, records),
        ),
    )


def _ms(microseconds: int | None) -> float | None:
    return None if microseconds is None else round(microseconds / 1000, 1)


def _ask(scene: Scene, stage: Stage) -> Answer:
    consumer = stage.consumers[scene.consumer]
    if scene.trick is Trick.REPLAY:
        return consumer.ask_again(scene.service)
    ground = ground_for(scene.consumer, scene.service)
    exchange = {"purpose": ground.purpose if ground else "", "officer": scene.officer}
    change = change_fin if scene.trick is Trick.TAMPER else None
    return consumer.ask(scene.service, scene.operation, scene.arguments, exchange, change)


def change_fin(envelope: Element) -> None:
    """Put another FIN into a signed question."""
    element = next(envelope.iter("{*}fin"))
    own = element.text or "0"
    element.text = own[:-1] + FIN_LETTERS[(FIN_LETTERS.index(own[-1]) + 1) % len(FIN_LETTERS)]


def _said(scene: Scene, answer: Answer) -> str:
    if answer.value is not None and scene.right(answer.value):
        return scene.tell(answer.value)
    where = answer.particulars.get("expected")
    return answer.fault + (f" Expected: {where}" if where else "")


def _as_expected(scene: Scene, answer: Answer, outcome: str) -> Check:
    if scene.outcome == "answered":
        return Check(
            "the answer is what the made-up population says", outcome == "answered" and scene.right(answer.value)
        )
    if scene.outcome == "provider-fault":
        return Check("the provider's own fault came through", outcome == scene.outcome and bool(answer.fault))
    expected = f"{scene.outcome} under {scene.rule}"
    return Check(f"refused as it must be: {expected}", (answer.code, answer.rule) == (scene.outcome, scene.rule))


def _delivery(scene: Scene, arrived: list[str]) -> tuple[Check, ...]:
    if not scene.system:
        return ()
    owner = scene.service.split("/")[0]
    if scene.delivered == 0:
        return (Check(f"nothing of it reached {owner}'s system: its journal has no new line", not arrived),)
    checks = [Check(f"{owner}'s system was asked once, as its journal says", len(arrived) == scene.delivered)]
    if "signature=" in "".join(arrived):
        holds = "bus-signature=holds" in arrived[0] and "consumer-signature=holds" in arrived[0]
        checks.append(Check(f"{owner} itself found {scene.consumer}'s signature and the bus's to hold", holds))
    return tuple(checks)


def _second_opinion(answer: Answer, stage: Stage) -> Check:
    if answer.receipt is None:
        return Check(f"libxmlsec: the answer is not believed: {answer.doubt or 'it was not checked'}", False)
    program = opinion.command()
    if program is None:
        return Check("libxmlsec: the bus signed Body, Timestamp and Receipt, and the signature holds", True)
    namespace = etree.QName(parse_document(answer.crossing.received, "answer")).namespace or SOAP11
    holds = opinion.check_by_command(
        program, answer.crossing.received, namespace, stage.place.settings.keys.certificate
    )
    return Check("libxmlsec and xmlsec1: the bus signed Body, Timestamp and Receipt, and it holds", holds)


def _evidence(answer: Answer, records: list[Recorded]) -> Check:
    last = records[-1] if records else None
    proved = (
        last is not None
        and answer.receipt is not None
        and (last.entry.record, last.leaf_hash.hex()) == (answer.receipt.answer_record, answer.receipt.answer_leaf)
    )
    # That the receipt is for the very bytes that were sent was part of believing the answer.
    return Check("the receipt is for the very bytes sent, and cites the record that the log holds", proved)
