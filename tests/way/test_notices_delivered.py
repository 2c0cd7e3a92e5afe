"""A served bus delivers notices over TLS from the start; the worker that does it is killed, and another goes on."""

import email
import os
import signal
import time
from collections import Counter
from typing import Any

import pytest
from support.mailroom import Inbox
from support.place import Place
from support.served import Served

from esb.registry.acts import acting
from esb.registry.channels import add_channel, end_channel, verify_channel
from esb.registry.database import open_database, reading
from esb.registry.notice_models import ChannelKind, DeliveryState
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.outbox import list_deliveries

AT_ONCE = 4  # what a worker has in hand at the most, and may have sent without having said so
NOTICES = 16


def test_notices_outlive_the_worker_that_delivers_them(
    crew: Place, letterbox: tuple[Inbox, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, bus = letterbox[0], crew.bus
    assert bus is not None
    monkeypatch.setattr(inbox, "slow", 0.3)
    engine, now = open_database(crew.settings.registry.url), time.time()
    with acting(engine, "officer", now) as act:
        number = add_channel(act, OPERATOR, ChannelKind.MAIL, "duty@bus.example", "code")
        verify_channel(act, number, "code")
    leads = "this worker delivers notices"
    leader = bus.wait(lambda: next((line for line in reversed(bus.of(leads)) if alive(bus, line)), None), leads)
    times = len(bus.of(leads))
    for one in range(NOTICES):
        with acting(engine, "officer", time.time()) as act:
            tell(act, Topic.OPERATOR_MESSAGE, f"message:{one}", OPERATOR, {"text": "Salam"})
    bus.wait(lambda: len(ours(inbox)) >= 3, "the first letters")
    os.kill(bus.workers()[leader["worker"]], signal.SIGKILL)
    bus.wait_for(leads, times + 1)

    def all_there() -> bool:
        with reading(engine) as session:
            return len(list_deliveries(session, state=DeliveryState.DELIVERED, limit=1_000)) >= NOTICES + 1

    bus.wait(all_there, "the rest of the letters")
    with acting(engine, "officer", time.time()) as act:
        end_channel(act, number)
    engine.dispose()
    arrived = ours(inbox)
    assert len(arrived) == NOTICES + 1, "each arrived, and the code before them"
    assert sum(arrived.values()) - len(arrived) <= AT_ONCE, "twice only what was in hand"
    assert max(arrived.values()) <= 2


def alive(bus: Served, line: dict[str, Any]) -> bool:
    return line["worker"] in bus.workers()


def ours(inbox: Inbox) -> Counter[str]:
    """How often each letter arrived, by its id."""
    return Counter(str(email.message_from_bytes(one.content)["Message-ID"]) for one in inbox.letters)
