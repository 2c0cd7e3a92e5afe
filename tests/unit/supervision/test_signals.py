"""Signals are read like anything else, and given back afterwards."""

import os
import select
import signal

from esb.supervision.signals import Signals


def test_they_come_in_order_and_wake_who_waits() -> None:
    before = signal.getsignal(signal.SIGHUP)
    signals = Signals((signal.SIGHUP, signal.SIGUSR1))
    try:
        assert signals.come() == []
        os.kill(os.getpid(), signal.SIGHUP)
        assert select.select([signals], [], [], 5)[0] == [signals]
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.come() == [signal.SIGHUP, signal.SIGUSR1]
        assert signals.come() == []
    finally:
        signals.close()
    assert signal.getsignal(signal.SIGHUP) == before
