"""What systemd hears (sd_notify(3)), where it listens."""

import os
import socket
from pathlib import Path

import pytest

from esb.supervision.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(tmp_path / "notify"))
    end.settimeout(5)
    return end


def test_states_go_to_the_socket_that_was_named(manager: socket.socket) -> None:
    with manager:
        notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
        notifier.ready("2 of 2 workers serve")
        assert manager.recv(500) == b"READY=1\nSTATUS=2 of 2 workers serve"
        notifier.reloading()
        first, second = manager.recv(500).split(b"\n")
        assert first == b"RELOADING=1"
        assert second.startswith(b"MONOTONIC_USEC=")
        for act, told in ((notifier.stopping, b"STOPPING=1"), (notifier.alive, b"WATCHDOG=1")):
            act()
            assert manager.recv(500) == told


def test_an_abstract_address() -> None:
    name = f"shluz-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(5)
        Notifier({"NOTIFY_SOCKET": "@" + name}).status("x")
        assert manager.recv(500) == b"STATUS=x"


def test_where_nobody_listens_nothing_happens(tmp_path: Path) -> None:
    Notifier({}).ready("x")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("x")


def test_the_watchdog_is_fed_twice_in_its_time_and_only_where_it_watches_us() -> None:
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watchdog == 15
    assert Notifier({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}).watchdog == 15
    assert Notifier({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watchdog == 0
    assert Notifier({"WATCHDOG_USEC": "soon"}).watchdog == 0
    assert Notifier({}).watchdog == 0
