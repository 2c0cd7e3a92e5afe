"""ProviderSignatureInvalid: where a resource demands its owner's signature, nothing less will do."""

import time
from collections.abc import Callable

import pytest
from support.client import Consumer
from support.handmade import Choices, handmade, self_signed
from support.place import Place, cached_key
from support.provider import PERSON, Given
from support.way import MEDIA, Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.directory import AnswerSignature
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion

SECRETS = ("5ABC123", "Leyla")


@pytest.fixture
def demanding(place: Place, fresh_name: Callable[[], str]) -> ServiceId:
    return granted(place, f"DIN/IAMAS/{fresh_name()}/v1", answer_signature=AnswerSignature.REQUIRED)


def answer(place: Place, version: SoapVersion, message: bytes) -> None:
    place.provider.answer = lambda _: Given(message, media=MEDIA[version])


def test_the_owners_signature(asker: Asker, place: Place, version: SoapVersion, demanding: ServiceId) -> None:
    answer(place, version, place.consumers["DIN"].sign(PERSON, version=version))
    expect_person(asker.ask(version=version, service=demanding))


def test_none(asker: Asker, place: Place, version: SoapVersion, demanding: ServiceId) -> None:
    expect_refusal(
        asker.ask(version=version, service=demanding),
        rules.PRV_SIGNATURE,
        consumer="EESMN",
        after_record=True,
        secrets=SECRETS,
    )


def bad_answers(place: Place, version: SoapVersion) -> dict[str, bytes]:
    din, now = place.consumers["DIN"], place.clock.now()
    key = cached_key("p256")
    return {
        "of another member": place.consumers["EESMN"].sign(PERSON, version=version),
        "of a stranger": Consumer("DIN", key, self_signed(key, "DIN", time.time())).sign(PERSON, version=version),
        "tampered with": din.sign(PERSON, version=version).replace(b"Leyla", b"Leila"),
        "over the Timestamp alone": handmade(din, PERSON, version, choices=Choices(sign=("Timestamp",))),
        "over the Body alone": handmade(din, PERSON, version, choices=Choices(sign=("Body",))),
        "that is old": din.sign(PERSON, version=version, created=now - 3600),
        "that is from the future": din.sign(PERSON, version=version, created=now + 3600),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "of another member",
        "of a stranger",
        "tampered with",
        "over the Timestamp alone",
        "over the Body alone",
        "that is old",
        "that is from the future",
    ],
)
def test_one(asker: Asker, place: Place, version: SoapVersion, demanding: ServiceId, kind: str) -> None:
    answer(place, version, bad_answers(place, version)[kind])
    exchange = asker.ask(version=version, service=demanding)
    expect_refusal(exchange, rules.PRV_SIGNATURE, consumer="EESMN", after_record=True, secrets=(*SECRETS, "Leila"))


def test_where_none_is_demanded_none_is_judged(asker: Asker, place: Place, version: SoapVersion) -> None:
    """A provider may sign by its own lights; the bus vouches for nothing it did not check, and signs itself."""
    answer(place, version, place.consumers["EESMN"].sign(PERSON, version=version))
    expect_person(asker.ask(version=version))
