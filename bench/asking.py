"""Questions signed ahead, and the judgement of their answers: a run with one wrong answer has failed.

Every answer is held to its status, to the very content that the provider gave, and to the digest of its own request in
the receipt.  Of one answer in a hundred the signature is verified too, by libxmlsec and after the round, so that it
costs the round nothing.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from esb.bench.case import Case
from esb.bench.client import Address, Question, WrongAnswer, post_head
from esb.bench.place import ACTION, service_of
from esb.bench.rows import content, delivered
from esb.bench.signing import Party, Template
from esb.demo.opinion import check_answer
from esb.demo.signing import OpinionError
from esb.kernel.xml import XmlLimits, parse_message

_ONE_IN: Final = 100
_QUOTED: Final = 900  # octets of a wrong answer that are told

Opinion = Callable[[bytes, bytes], None]
"""Judges a whole answer to what was sent; raises :class:`~esb.demo.signing.OpinionError`."""


@dataclass(slots=True)
class Asker:
    """One consumer who asks one service.

    Attributes:
        head: the HTTP request up to the digits of its length.
        expected: what stands in every right answer: the provider's content in canonical form.
        receipted: whether an answer must cite the digest of its request, as the bus's does.
        opinion: judges the sampled answers.
    """

    template: Template
    head: bytes
    expected: bytes
    receipted: bool
    opinion: Opinion
    _samples: list[tuple[bytes, bytes]] = field(default_factory=list)

    def ahead(self, count: int) -> list[Question]:
        """Sign this many fresh messages now."""
        now = time.time()
        questions = []
        for number in range(count):
            message = self.template.message(secrets.token_hex(8), now)
            digest = base64.b64encode(hashlib.sha256(message).digest()) if self.receipted else b""
            kept = message if number % _ONE_IN == 0 else None
            octets = b"%b%d\r\n\r\n%b" % (self.head, len(message), message)
            questions.append(Question(octets, partial(self._judge, digest, kept)))
        return questions

    def _judge(self, digest: bytes, kept: bytes | None, status: int, body: bytes) -> None:
        if status != 200 or self.expected not in body or digest not in body:
            text = body[-_QUOTED:].decode(errors="replace")  # a fault says at its end what it is
            raise WrongAnswer(f"a wrong answer came, with status {status}:\n{text}")
        if kept is not None:
            self._samples.append((kept, body))

    def verify_samples(self) -> int:
        """Verify the signatures of the answers that were kept, and forget them; returns how many.

        Raises:
            WrongAnswer: one does not hold, does not cover what it must, or answers another request.
        """
        for sent, body in self._samples:
            try:
                self.opinion(sent, body)
            except OpinionError as error:
                raise WrongAnswer(f"an answer's signature does not hold: {error}") from error
        count = len(self._samples)
        self._samples.clear()
        return count


def ask_bus(case: Case, consumer: Party, bus_certificate: bytes, address: Address) -> Asker:
    """Ask the bus at ``address`` as the case says."""
    return Asker(
        Template(consumer, content("Ask", case.request, case.style), style=case.style),
        post_head(address, f"/services/{service_of(case)}", ACTION),
        delivered("Answer", case.answer, case.style),
        True,
        partial(_opinion, bus_certificate),
    )


def _opinion(bus_certificate: bytes, sent: bytes, body: bytes) -> None:
    check_answer(parse_message(body, XmlLimits()), bus_certificate, sent)
