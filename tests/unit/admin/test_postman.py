"""Emptying the outbox into a real mail server and a real webhook."""

import ipaddress
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from support.mailroom import NAME, mail_server, make_pair, trust, webhook

from esb.admin.mail import MailServer
from esb.admin.postman import Delivered, Postman
from esb.admin.webhook import Hooks, HookSigner
from esb.certs.keys import FileKey, generate_key
from esb.kernel.clock import ManualClock
from esb.registry.acts import acting
from esb.registry.channels import add_channel, verify_channel
from esb.registry.database import open_database, reading
from esb.registry.mailbox import list_mailbox
from esb.registry.notice_models import ChannelKind, DeliveryState
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.outbox import claim, count_deliveries, delivered

NOW = 1_764_000_000.0
DAY = 86_400.0


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


def channel(engine: Engine, kind: ChannelKind, address: str) -> None:
    with acting(engine, "officer", NOW) as act:
        verify_channel(act, add_channel(act, OPERATOR, kind, address, "code"), "code")
    for parcel in claim(engine, "setting up", NOW, 60):
        delivered(engine, parcel, "setting up", NOW)


def notice(engine: Engine, count: int = 1) -> None:
    for number in range(count):
        with acting(engine, "officer", NOW) as act:
            tell(act, Topic.OPERATOR_MESSAGE, f"message:{number}", OPERATOR, {"text": "Salam"})


def postman(engine: Engine, clock: ManualClock, port: int = 0, pair: tuple[Path, Path] | None = None) -> Postman:
    mail = MailServer("127.0.0.1", port, "none", "", "", "notices@bus.example", "bus.example") if port else None
    signer = HookSigner(FileKey(generate_key("p256")), "ab" * 32)
    hooks = Hooks(
        lambda: signer,
        (ipaddress.ip_network("127.0.0.0/8"),),
        (lambda: trust(pair[0])) if pair else lambda: None,  # type: ignore[arg-type,return-value]
        lambda host, port: ["127.0.0.1"],
    )
    return Postman(engine, "one", mail, hooks, "bus.example", 5.0, clock, lambda: 0.5)


def states(engine: Engine) -> dict[DeliveryState, int]:
    with reading(engine) as session:
        return count_deliveries(session)


def test_everything_that_is_due_goes_out_once(engine: Engine, tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    pair = make_pair(tmp_path)
    with mail_server() as inbox, webhook(pair) as hook:
        channel(engine, ChannelKind.MAIL, "operator@bus.example")
        channel(engine, ChannelKind.WEBHOOK, f"https://{NAME}:{hook.port}/")
        notice(engine, 6)
        ours = postman(engine, clock, inbox.port, pair)
        assert ours.deliver() == Delivered(sent=12)
        assert ours.deliver() == Delivered()
    assert len({letter.content for letter in inbox.letters}) == len(inbox.letters) == 6
    assert sorted(json.loads(body)["about"] for _, _, body in hook.got) == [f"message:{number}" for number in range(6)]


def test_an_outage_of_the_server_only_delays(engine: Engine) -> None:
    clock = ManualClock(NOW)
    channel(engine, ChannelKind.MAIL, "operator@bus.example")
    notice(engine)
    with mail_server() as inbox:
        port = inbox.port
    ours = postman(engine, clock, port)
    for wait in (0, 31, 61, 121):
        clock.advance(wait)
        assert ours.deliver() == Delivered(postponed=1)
        assert ours.deliver() == Delivered(), "not before its time"
    clock.advance(241)
    with mail_server(port=port) as inbox:
        assert ours.deliver() == Delivered(sent=1)
    assert len(inbox.letters) == 1


def test_pauses_double_up_to_an_hour_with_chance_in_them(engine: Engine) -> None:
    ours = postman(engine, ManualClock(NOW))
    assert [ours.pause(attempts) for attempts in (0, 1, 2, 6, 7, 50, 10_000)] == [30, 60, 120, 1920, 3600, 3600, 3600]
    low, high = (
        Postman(engine, "x", None, ours.hooks, "x", 5.0, ManualClock(NOW), lambda chance=chance: chance).pause(0)
        for chance in (0.0, 0.999)
    )
    assert (low, round(high, 1)) == (22.5, 37.5)


def test_after_days_it_is_given_up_and_the_operator_told(engine: Engine) -> None:
    clock = ManualClock(NOW)
    channel(engine, ChannelKind.MAIL, "operator@bus.example")
    notice(engine)
    ours = postman(engine, clock)
    assert ours.deliver() == Delivered(postponed=1)
    clock.advance(5 * DAY)
    assert ours.deliver().given_up == 1
    with reading(engine) as session:
        last = list_mailbox(session, OPERATOR)[-1]
    assert last.topic is Topic.DELIVERY_FAILED
    assert last.facts["problem"] == "no mail server is configured (mail.host)"


def test_a_mailbox_that_does_not_exist_is_given_up_at_once(engine: Engine) -> None:
    channel(engine, ChannelKind.MAIL, "gone@bus.example")
    notice(engine)
    with mail_server() as inbox:
        inbox.refuses["gone@bus.example"] = "550 no such mailbox"
        done = postman(engine, ManualClock(NOW), inbox.port).deliver()
    assert done.given_up >= 1
    assert states(engine)[DeliveryState.GIVEN_UP] >= 1


_CHILD = """
    import sys, time
    from esb.admin.mail import MailServer
    from esb.admin.postman import Postman
    from esb.kernel.clock import SystemClock
    from esb.registry.database import open_database

    url, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    mail = MailServer("127.0.0.1", port, "none", "", "", "notices@bus.example", "bus.example")
    man = Postman(open_database(url), name, mail, None, "bus.example", 5.0, SystemClock(), lambda: 0.5)
    print("begins", flush=True)
    man.deliver()
"""


def child(url: str, port: int, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", textwrap.dedent(_CHILD), url, str(port), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def subjects(inbox: Any) -> list[bytes]:
    return [
        next(line for line in letter.content.splitlines() if line.startswith(b"Message-ID")) for letter in inbox.letters
    ]


def test_two_processes_deliver_each_letter_once(engine: Engine, sqlite_database: str) -> None:
    channel(engine, ChannelKind.MAIL, "operator@bus.example")
    notice(engine, 40)
    with mail_server() as inbox:
        both = [child(sqlite_database, inbox.port, name) for name in ("a", "b")]
        assert [process.wait(60) for process in both] == [0, 0]
    assert len(set(subjects(inbox))) == len(inbox.letters) == 40
    assert states(engine) == {DeliveryState.DELIVERED: 41}


def test_who_is_killed_in_the_middle_leaves_nothing_undelivered(engine: Engine, sqlite_database: str) -> None:
    channel(engine, ChannelKind.MAIL, "operator@bus.example")
    notice(engine, 60)
    with mail_server() as inbox:
        process = child(sqlite_database, inbox.port, "victim")
        end = time.monotonic() + 30
        while len(inbox.letters) < 5:
            assert time.monotonic() < end
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        before = len(inbox.letters)
        assert states(engine).get(DeliveryState.WAITING, 0) > 0, "it was killed in the middle"
        # What the dead one held is free again when its time is over.
        postman(engine, ManualClock(time.time() + 121), inbox.port).deliver()
    assert states(engine) == {DeliveryState.DELIVERED: 61}
    names = subjects(inbox)
    assert len(set(names)) == 60
    # At most what was in hand came twice, and under the same name, so that a reader sees it once.
    assert 60 <= len(names) <= 64
    assert before < 60
