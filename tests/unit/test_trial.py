"""The trial bus is a bus: it refuses what the bus refuses, and leaves nothing behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.applicant import Applicant
from support.provider import Provider

from esb.trial import CONSUMER, TrialBus


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


def test_it_asks_as_a_consumer_that_no_member_is(provider: Provider) -> None:
    made: list[TrialBus] = []
    context = Applicant(provider.url).context(made)
    exchanged = context.try_once()
    (bus,) = made
    with bus:
        assert exchanged.refusal == ""
        assert exchanged.receipt == ()
        assert exchanged.seconds > 0
        folder = Path(bus._folder.name)
        assert (folder / "evidence.db").exists()
        asked = bus._reader.show(exchanged.facts["exchange"])
        assert {recorded.entry.consumer for recorded in asked} == {CONSUMER}
        again = bus.carry(context.operation, context.request)
        assert again.facts["exchange"] != exchanged.facts["exchange"]
    assert not folder.exists()
