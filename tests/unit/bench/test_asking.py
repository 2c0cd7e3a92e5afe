"""An answer is right or the run has failed: by status, content, receipt, or a signature that was looked at."""

from dataclasses import replace

import pytest

from esb.bench.asking import Asker, ask_bus
from esb.bench.case import Case
from esb.bench.client import WrongAnswer, drive
from esb.bench.serving import Bench
from esb.bench.signing import Style


def asker(bench: Bench, case: Case | None = None) -> Asker:
    return ask_bus(case or Case(), bench.place.consumer, bench.place.bus_certificate, bench.address)


@pytest.mark.parametrize("case", [Case(), Case(style=Style.FOREIGN), Case(provider_signed=False)], ids=str)
def test_right_answers_pass_and_one_in_a_hundred_is_verified(bench: Bench, case: Case) -> None:
    asking = asker(bench, case)
    drive(bench.address, asking.ahead(110), 4)
    assert asking.verify_samples() == 2
    assert asking.verify_samples() == 0


def test_another_content_than_the_providers_is_wrong(bench: Bench) -> None:
    asking = replace(asker(bench), expected=b"<b:Answer>of another</b:Answer>")
    with pytest.raises(WrongAnswer, match="status 200"):
        drive(bench.address, asking.ahead(3), 1)


def test_a_refusal_is_wrong(bench: Bench) -> None:
    asking = asker(bench)
    asking.head = asking.head.replace(b"canonical-signed", b"nobody-knows-it")
    with pytest.raises(WrongAnswer, match="RTE-01"):
        drive(bench.address, asking.ahead(1), 1)


def test_a_message_sent_twice_is_wrong(bench: Bench) -> None:
    questions = asker(bench).ahead(1)
    with pytest.raises(WrongAnswer, match="TIM-04"):
        drive(bench.address, questions * 2, 1)


def test_the_answer_to_another_request_is_wrong(bench: Bench) -> None:
    first, second = asker(bench).ahead(2)
    swapped = first._replace(check=second.check)
    with pytest.raises(WrongAnswer):
        drive(bench.address, [swapped], 1)


def test_a_signature_of_anybody_else_is_wrong(bench: Bench) -> None:
    consumer = (bench.folder / "consumer.pem").read_bytes()
    asking = ask_bus(Case(), bench.place.consumer, consumer, bench.address)
    drive(bench.address, asking.ahead(1), 1)
    with pytest.raises(WrongAnswer, match="signature does not hold"):
        asking.verify_samples()
