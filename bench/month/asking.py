"""The consumers' side: fresh signed questions in the month's order, and the judgement and count of their answers.

Each answer is held to its status, to how its Body begins (the service's own element, with the very reference of the
question) and to the digest of its own request in the receipt; then it is counted with the id of its exchange.  The
first answer of every service and one in some hundreds are kept, to be verified whole afterwards.
"""

import base64
import hashlib
import random
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from esb.bench.client import Address, Question, WrongAnswer, post_head
from esb.bench.month.tally import Tally
from esb.bench.signing import Party, Template, hole
from esb.sample.bodies import REFERENCE, REQUEST_BYTES, opening_of, request_text
from esb.sample.consumers import Asking
from esb.sample.contracts import action_of

KEPT_ONE_IN: Final = 500
MOST_WRONG: Final = 20
"""Wrong answers after which a run is given up."""

_EXCHANGE: Final = b"<exch:exchange>"
_QUOTED: Final = 400  # octets of a wrong answer that are told


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole exchange, as its consumer has it."""

    asking: Asking
    sent: bytes
    answer: bytes


@dataclass(slots=True)
class Witness:
    """What the consumers saw.

    Attributes:
        answered: right answers by service.
        by_pair: right answers by service and consumer.
        wrong: what the first wrong answers said.
        wrong_count: how many there were.
        kept: exchanges to be verified whole.
    """

    answered: Tally = field(default_factory=Tally)
    by_pair: dict[tuple[str, str], int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    wrong_count: int = 0
    kept: list[Kept] = field(default_factory=list)

    def note(self, pair: tuple[str, str], exchange: bytes) -> None:
        """Count a right answer of a service to a consumer."""
        self.answered.add(pair[0], exchange)
        self.by_pair[pair] = self.by_pair.get(pair, 0) + 1

    def complain(self, service: str, status: int, answer: bytes) -> None:
        """Count a wrong answer.

        Raises:
            WrongAnswer: there were too many.
        """
        self.wrong_count += 1
        begins = answer.find(b":Body")
        text = answer[max(begins, 0) :][:_QUOTED].decode(errors="replace")
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(f"{service}: status {status}: {text}")
        if self.wrong_count >= MOST_WRONG:
            raise WrongAnswer(f"{self.wrong_count} answers were wrong; the first was\n  {self.wrong[0]}")


@dataclass(frozen=True, slots=True)
class _Ready:
    """What never changes in one consumer's questions of one size to a service, and in how their answers begin."""

    asking: Asking
    pair: tuple[str, str]
    template: Template
    head: bytes
    before: bytes
    after: bytes


@dataclass(slots=True)
class _Judgement:
    """What one question's answer is held to."""

    witness: Witness
    ready: _Ready
    opening: bytes
    digest: bytes
    sent: bytes | None

    def __call__(self, status: int, answer: bytes) -> None:
        at = answer.find(_EXCHANGE) + len(_EXCHANGE)
        if status != 200 or self.opening not in answer or self.digest not in answer or at < len(_EXCHANGE):
            self.witness.complain(self.ready.pair[0], status, answer)
            return
        self.witness.note(self.ready.pair, answer[at : answer.find(b"<", at)])
        if self.sent is not None:
            self.witness.kept.append(Kept(self.ready.asking, self.sent, answer))


def order_of(asking: Sequence[Asking], seed: int) -> "array[int]":
    """In which order the month's requests are made: the places of ``asking``, each as often as it asks, shuffled."""
    order = array("H")
    for place, each in enumerate(asking):
        order.extend([place] * each.uses)
    random.Random(seed).shuffle(order)
    return order


def questions(
    asking: Sequence[Asking], order: Sequence[int], parties: Mapping[str, Party], address: Address, witness: Witness
) -> Iterator[Question]:
    """Sign the month's requests one by one, each when it is taken: none waits long enough for its time to run out."""
    prepared: dict[tuple[int, int], _Ready] = {}
    seen: set[str] = set()
    run = f"{time.time_ns():x}"
    for number, place in enumerate(order):
        variant = number % len(REQUEST_BYTES)
        ready = prepared.get((place, variant))
        if ready is None:
            ready = prepared[place, variant] = _prepare(asking[place], variant, parties, address)
        reference = f"EG-{number:09}"
        message = ready.template.message(f"{run}.{number:x}", time.time(), filling={REFERENCE: reference})
        name = ready.pair[0]
        keep = number % KEPT_ONE_IN == 0 or name not in seen
        if keep:
            seen.add(name)
        judgement = _Judgement(
            witness,
            ready,
            b"%b%b%b" % (ready.before, reference.encode(), ready.after),
            base64.b64encode(hashlib.sha256(message).digest()),
            message if keep else None,
        )
        yield Question(b"%b%d\r\n\r\n%b" % (ready.head, len(message), message), judgement)


def _prepare(asking: Asking, variant: int, parties: Mapping[str, Party], address: Address) -> _Ready:
    service = asking.service
    before, after = opening_of(service, "|").split(b"|")
    asked = request_text(service, variant)
    return _Ready(
        asking,
        (service.id.text, asking.consumer),
        Template(parties[asking.consumer], asked.before + hole(REFERENCE) + asked.after),
        post_head(address, f"/services/{service.id}", action_of(service)),
        before,
        after,
    )
