"""MessageExpired: old, from the future, or past its own Expires; and timestamps that are none."""

from typing import Any

import pytest
from lxml import etree
from support.client import NS, Consumer
from support.handmade import Choices, handmade, instant
from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

NEVER = 10 * 365 * 86_400.0


@pytest.mark.parametrize("age", [370, 3600, 86_400, 10 * 86_400])
def test_an_old_message(asker: Asker, place: Place, version: SoapVersion, age: float) -> None:
    now = place.clock.now()
    exchange = asker.ask(version=version, created=now - age)
    expect_refusal(exchange, rules.TIM_OLD, consumer=exchange.records[-1].entry.consumer)


def test_an_old_message_with_an_endless_life(asker: Asker, place: Place, version: SoapVersion) -> None:
    """The window counts, however late the sender's Expires is."""
    exchange = asker.ask(version=version, created=place.clock.now() - 400, lifetime=NEVER)
    expect_refusal(exchange, rules.TIM_OLD, consumer=exchange.records[-1].entry.consumer)


@pytest.mark.parametrize("ahead", [90, 3600, 86_400])
def test_a_message_from_the_future(asker: Asker, place: Place, version: SoapVersion, ahead: float) -> None:
    exchange = asker.ask(version=version, created=place.clock.now() + ahead)
    expect_refusal(exchange, rules.TIM_FUTURE, consumer=exchange.records[-1].entry.consumer)


@pytest.mark.parametrize("ago", [70, 300])
def test_a_message_past_its_own_end(asker: Asker, place: Place, version: SoapVersion, ago: float) -> None:
    """The sender says how long it stands by its question; beyond the clock skew, that is kept."""
    exchange = asker.ask(version=version, created=place.clock.now() - ago - 10, lifetime=10)
    expect_refusal(exchange, rules.TIM_OLD, consumer=exchange.records[-1].entry.consumer)


def test_clocks_that_differ_a_little(asker: Asker, place: Place, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version, created=place.clock.now() + 45))
    expect_person(asker.ask(version=version, created=place.clock.now() - 240))


FORMS = {
    "no Created": "<wsu:Expires>{later}</wsu:Expires>",
    "empty": "",
    "two Created": "<wsu:Created>{now}</wsu:Created><wsu:Created>{now}</wsu:Created>",
    "two Expires": "<wsu:Created>{now}</wsu:Created>" + "<wsu:Expires>{later}</wsu:Expires>" * 2,
    "no time": "<wsu:Created>yesterday</wsu:Created>",
    "no such day": "<wsu:Created>2026-02-30T00:00:00Z</wsu:Created>",
    "ends before it begins": "<wsu:Created>{now}</wsu:Created><wsu:Expires>{before}</wsu:Expires>",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_timestamp_that_is_none(asker: Asker, eesmn: Consumer, place: Place, version: SoapVersion, form: str) -> None:
    now = place.clock.now()
    text = FORMS[form].format(now=instant(now), later=instant(now + 300), before=instant(now - 30))
    stamp = f'<wsu:Timestamp xmlns:wsu="{NS["wsu"]}">{text}</wsu:Timestamp>'
    message = _with_timestamp(eesmn, version, stamp)
    exchange = asker.send(message, version)
    expect_refusal(exchange, rules.TIM_ONE, consumer=exchange.records[-1].entry.consumer)


def test_two_timestamps(asker: Asker, eesmn: Consumer, place: Place, version: SoapVersion) -> None:
    def twice(root: Any) -> None:
        now = place.clock.now()
        stamp = etree.Element(f"{{{NS['wsu']}}}Timestamp")
        etree.SubElement(stamp, f"{{{NS['wsu']}}}Created").text = instant(now)
        root[0][0].append(stamp)

    exchange = asker.send(handmade(eesmn, version=version, change=twice), version)
    expect_refusal(exchange, rules.TIM_ONE, consumer=exchange.records[-1].entry.consumer)


def _with_timestamp(consumer: Consumer, version: SoapVersion, stamp: str) -> bytes:
    """A message whose signature covers just this Timestamp."""
    from support import handmade as by_hand
    from support.client import GET_PERSON

    choices = Choices(timestamp=False)
    root = etree.fromstring(by_hand.envelope(consumer, GET_PERSON, version, (), choices, 0, 300))
    root[0][0].insert(1, etree.fromstring(stamp))
    by_hand.complete(root, root.find(".//ds:Signature", NS), consumer, Choices())
    return etree.tostring(root)
