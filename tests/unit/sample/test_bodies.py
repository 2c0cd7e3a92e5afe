"""Bodies are valid under their contracts, canonical as they are written, and of the wanted sizes on average."""

import statistics
from pathlib import Path

import pytest

from esb.kernel.xml import Element, XmlLimits, canonicalize, parse_message
from esb.sample.bodies import (
    ANSWER_BYTES,
    REQUEST_BYTES,
    answer_text,
    opening_of,
    request_text,
)
from esb.sample.contracts import wsdl_of
from esb.sample.mix import Service, national_month
from esb.schemas.compile import compile_judge
from esb.schemas.judge import Judge
from esb.wsdl.read import read_contract

MONTH = national_month()
ONE_OF_EACH_KIND = list({service.kind: service for service in MONTH.services}.values())


def _asked(service: Service, variant: int) -> bytes:
    text = request_text(service, variant)
    return text.before + b"EG-000000001" + text.after


def _answered(service: Service, variant: int) -> bytes:
    text = answer_text(service, variant)
    return text.before + b"EG-000000001" + text.after


def _judge(service: Service, folder: Path) -> Judge:
    file = folder / "service.wsdl"
    file.write_bytes(wsdl_of(service, "http://127.0.0.1:9/"))
    return compile_judge(read_contract(file))


def _parsed(octets: bytes) -> Element:
    return parse_message(octets, XmlLimits())


@pytest.mark.parametrize("service", ONE_OF_EACH_KIND, ids=lambda service: service.kind.operation)
def test_every_variant_is_valid_and_canonical(service: Service, tmp_path: Path) -> None:
    judge = _judge(service, tmp_path)
    for variant in range(len(REQUEST_BYTES)):
        for octets in (_asked(service, variant), _answered(service, variant)):
            element = _parsed(octets)
            assert list(judge.judge(element)) == []
            assert canonicalize(element) == octets


@pytest.mark.parametrize("service", ONE_OF_EACH_KIND, ids=lambda service: service.kind.operation)
def test_the_contract_would_refuse_another(service: Service, tmp_path: Path) -> None:
    judge = _judge(service, tmp_path)
    octets = _asked(service, 0)
    for spoilt in (
        octets.replace(b"EG-000000001", b"not a reference"),
        octets.replace(b"<s:reference>EG-000000001</s:reference>", b""),
    ):
        assert list(judge.judge(_parsed(spoilt))) != []


def test_an_answer_begins_as_it_is_looked_for() -> None:
    service = MONTH.services[0]
    assert _answered(service, 3).startswith(opening_of(service, "EG-000000001"))
    assert not _answered(service, 3).startswith(opening_of(service, "EG-000000002"))
    assert not _answered(service, 3).startswith(opening_of(MONTH.services[1], "EG-000000001"))


def test_variants_repeat_by_turns_and_differ() -> None:
    service = MONTH.services[0]
    assert request_text(service, 1) == request_text(service, 1 + len(REQUEST_BYTES))
    assert len({request_text(service, variant) for variant in range(len(REQUEST_BYTES))}) == len(REQUEST_BYTES)
    assert answer_text(service, 2) == answer_text(service, 2 + len(ANSWER_BYTES))


def test_the_months_bodies_are_of_the_wanted_sizes() -> None:
    asked = answered = 0
    for service in MONTH.services:
        sizes = range(len(REQUEST_BYTES))
        asked += service.uses * round(statistics.mean(len(_asked(service, variant)) for variant in sizes))
        answered += service.uses * round(statistics.mean(len(_answered(service, variant)) for variant in sizes))
    assert 1_400 < asked / MONTH.uses < 1_600
    assert 2_900 < answered / MONTH.uses < 3_100
