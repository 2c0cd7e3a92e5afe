"""Members that ask through zeep, on a bus that runs."""

import pytest

from esb.demo.consumers import Consumer, exchange_header
from esb.demo.offers import INSURED, PERSONS
from esb.demo.people import make_population
from esb.demo.signing import Identity
from esb.demo.stage import Stage
from esb.kernel.namespaces import EXCHANGE

FIN = make_population().people[0].fin


def test_an_answer_is_read_and_believed(stage: Stage) -> None:
    answer = stage.consumers["EESMN"].ask(PERSONS, "FindPerson", {"fin": FIN}, {"officer": "Nərgiz"})
    assert answer.value.fin == FIN
    assert (answer.fault, answer.doubt) == ("", "")
    assert answer.receipt is not None
    assert answer.receipt.answer_record == f"{answer.receipt.exchange}-a"
    assert "Nərgiz".encode() in answer.crossing.sent


def test_a_refusal_tells_code_rule_and_reason(stage: Stage) -> None:
    answer = stage.consumers["EESMN"].ask(PERSONS, "FindPerson", {"fin": FIN}, {})
    assert (answer.value, answer.code, answer.rule) == (None, "PurposeMissing", "ACC-05")
    assert "grant requires" in answer.fault
    assert answer.receipt is not None


def test_the_same_bytes_again_are_a_replay(stage: Stage) -> None:
    consumer = stage.consumers["VN"]
    first = consumer.ask(INSURED, "GetInsuredPerson", {"fin": FIN}, {})
    again = consumer.ask_again(INSURED)
    assert (first.fault, again.rule) == ("", "TIM-04")
    assert again.crossing.sent == first.crossing.sent


def test_nothing_can_be_repeated_before_something_was_asked(stage: Stage) -> None:
    with pytest.raises(ValueError, match="nothing was asked"):
        Consumer(stage.place.identity("VN"), stage.place.address, b"").ask_again(INSURED)


def test_an_answer_of_a_false_bus_is_not_believed(stage: Stage, elliptic: Identity) -> None:
    """The consumer trusts the certificate that it was given, not the one that comes with the answer."""
    consumer = Consumer(stage.place.identity("VN"), stage.place.address, elliptic.certificate)
    answer = consumer.ask(INSURED, "GetInsuredPerson", {"fin": FIN}, {})
    assert answer.value is None
    assert answer.receipt is None
    assert "does not hold" in answer.doubt


def test_the_exchange_header_holds_only_what_is_given() -> None:
    header = exchange_header({"officer": "Leyla", "id": "1", "purpose": ""})
    assert [(each.tag, each.text) for each in header] == [
        (f"{{{EXCHANGE}}}id", "1"),
        (f"{{{EXCHANGE}}}officer", "Leyla"),
    ]
