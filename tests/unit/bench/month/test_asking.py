"""Questions come in the month's mix, each signed afresh; an answer counts only when it is the question's own."""

import base64
import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from esb.bench.client import Address, Question, WrongAnswer
from esb.bench.month.asking import KEPT_ONE_IN, MOST_WRONG, Witness, order_of, questions
from esb.bench.month.place import Place, make_place
from esb.bench.month.tally import Tally
from esb.kernel.xml import XmlLimits, parse_message
from esb.sample.bodies import opening_of
from esb.sample.consumers import consumers_of
from esb.sample.mix import Month

ADDRESS = Address("127.0.0.1", 8080)


@pytest.fixture(scope="module")
def place(small_month: Month, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("asking") / "home", small_month, lambda _: "http://127.0.0.1:9/x")


def _asked(month: Month, place: Place, witness: Witness) -> list[Question]:
    asking = consumers_of(month)
    return list(questions(asking, order_of(asking, 1), place.parties, ADDRESS, witness))


def _sent(question: Question) -> bytes:
    return question.octets.partition(b"\r\n\r\n")[2]


def _right_answer(month: Month, question: Question, exchange: str) -> bytes:
    """What the bus would answer, as far as it is looked at while the load runs."""
    path = question.octets.split(b" ")[1].decode().removeprefix("/services/")
    service = next(service for service in month.services if service.id.text == path)
    reference = question.octets.partition(b"<s:reference>")[2].partition(b"<")[0].decode()
    digest = base64.b64encode(hashlib.sha256(_sent(question)).digest()).decode()
    return (
        f"<e><exch:Receipt><exch:exchange>{exchange}</exch:exchange><exch:requestDigest>{digest}</exch:requestDigest>"
        "</exch:Receipt><soap:Body>"
    ).encode() + opening_of(service, reference)


def test_the_order_has_everyone_as_often_as_they_ask(small_month: Month) -> None:
    asking = consumers_of(small_month)
    order = order_of(asking, 7)
    assert Counter(order) == {place: each.uses for place, each in enumerate(asking) if each.uses}
    assert order == order_of(asking, 7)
    assert order != order_of(asking, 8)


def test_every_question_is_whole_and_like_no_other(small_month: Month, place: Place) -> None:
    asked = _asked(small_month, place, Witness())
    assert len(asked) == small_month.uses
    assert len({_sent(question) for question in asked}) == len(asked)
    for question in asked[:10]:
        head, _, body = question.octets.partition(b"\r\n\r\n")
        assert head.endswith(b"Content-Length: %d" % len(body))
        parse_message(body, XmlLimits())


def test_right_answers_are_counted(small_month: Month, place: Place) -> None:
    witness, expected = Witness(), Tally()
    asked = _asked(small_month, place, witness)
    for number, question in enumerate(asked):
        question.check(200, _right_answer(small_month, question, f"x{number}"))
        expected.add(question.octets.split(b" ")[1].decode().removeprefix("/services/"), f"x{number}".encode())
    assert witness.answered.counts() == expected.counts()
    assert witness.by_pair == {
        (each.service.id.text, each.consumer): each.uses for each in consumers_of(small_month) if each.uses
    }
    assert (witness.wrong, witness.wrong_count) == ([], 0)
    # The first of each service, and the first of every so many.
    used = sum(service.uses > 0 for service in small_month.services)
    assert len(asked) < KEPT_ONE_IN
    assert len(witness.kept) == used
    assert all(kept.sent in question.octets for kept, question in zip(witness.kept, asked[:1], strict=False))


@pytest.mark.parametrize("what", ["status", "another answer", "another request", "no receipt", "empty"])
def test_a_wrong_answer_is_counted_and_told(what: str, small_month: Month, place: Place) -> None:
    witness = Witness()
    first, second, *_ = _asked(small_month, place, witness)
    right = _right_answer(small_month, first, "x")
    other = _right_answer(small_month, second, "x")
    status, answer = {
        "status": (500, right),
        "another answer": (200, right.partition(b"<soap:Body>")[0] + other.partition(b"<soap:Body>")[2]),
        "another request": (200, other.partition(b"<soap:Body>")[0] + right.partition(b"<soap:Body>")[2]),
        "no receipt": (200, right.replace(b"exch:exchange", b"exch:other")),
        "empty": (200, b""),
    }[what]
    first.check(status, answer)
    assert witness.wrong_count == 1
    assert f"status {status}" in witness.wrong[0]
    assert witness.answered.counts() == {}
    assert witness.kept == []


def test_many_wrong_answers_end_the_run(small_month: Month, place: Place) -> None:
    witness = Witness()
    asked = _asked(small_month, place, witness)
    for question in asked[: MOST_WRONG - 1]:
        question.check(503, b"<soap:Body>busy")
    with pytest.raises(WrongAnswer, match=r"(?s)20 answers were wrong.*status 503: .*busy"):
        asked[MOST_WRONG].check(503, b"<soap:Body>busy")
    assert len(witness.wrong) == MOST_WRONG


def test_what_is_not_taken_is_not_signed(small_month: Month, place: Place) -> None:
    asking = consumers_of(small_month)
    nobody = {code: replace(party, key=None) for code, party in place.parties.items()}  # type: ignore[arg-type]
    waiting = questions(asking, order_of(asking, 1), nobody, ADDRESS, Witness())
    with pytest.raises(AttributeError):
        next(waiting)


def test_the_home_is_left_as_it_was(place: Place) -> None:
    assert not Path(place.settings.evidence.url.removeprefix("sqlite:///")).exists()
