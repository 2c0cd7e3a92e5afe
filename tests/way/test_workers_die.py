"""A worker that dies is replaced; what was acknowledged stays; and without its supervisor no worker stays."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from support.place import Place
from support.pressure import Pressure

from esb.audit.entry import Kind


def test_a_killed_worker_is_replaced_and_nothing_that_was_acknowledged_is_lost(crew: Place) -> None:
    bus = crew.bus
    assert bus is not None
    victim = bus.workers()[1]
    with Pressure(crew, crew.consumers["EESMN"], threads=4) as pressure:
        pressure.wait_for(20)
        os.kill(victim, signal.SIGKILL)
        died = bus.wait(lambda: next((x for x in bus.of("worker died") if x["pid"] == victim), None), "its death")
        bus.wait(lambda: bus.workers().get(1, victim) != victim, "its successor")
        pressure.wait_for(20)
    assert (died["worker"], died["ended"]) == (1, "SIGKILL")
    # At most what each client had under way: nobody was kept waiting for the successor, nor refused.
    assert len(pressure.failures) <= 4
    assert {reply.status for reply in pressure.answers} == {200}
    for reply in pressure.answers:
        assert [one.entry.kind for one in crew.records(reply.exchange)] == [Kind.REQUEST, Kind.ANSWER]
    asked = len(crew.provider.journal)
    assert len(pressure.answers) <= asked <= len(pressure.answers) + len(pressure.failures)


@pytest.mark.long
def test_while_one_cannot_start_the_other_serves_both(make_own: Callable[..., Place]) -> None:
    """And the log says what to look at; once the cause is mended, the worker comes by itself."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="0.3")
    with place.serve(workers=2):
        bus = place.bus
        assert bus is not None
        certificate = place.settings.keys.certificate
        shutil.move(certificate, certificate.with_suffix(".away"))
        os.kill(bus.workers()[0], signal.SIGKILL)
        failed = bus.wait_for("worker did not start")
        later = bus.wait_for("worker dies young again and again; the next is started later")
        assert "esb ca init" in failed["reason"]
        assert (failed["worker"], later["worker"]) == (0, 0)
        with Pressure(place, place.consumers["EESMN"], threads=2) as pressure:
            pressure.wait_for(12)
        assert pressure.failures == []
        assert {reply.status for reply in pressure.answers} == {200}
        shutil.move(certificate.with_suffix(".away"), certificate)
        bus.wait(lambda: len(bus.workers()) == 2, "both again")
        assert set(bus.connect_to_each()) == {0, 1}
    assert bus.process.returncode == 0


def test_without_their_supervisor_workers_end_and_the_port_is_free(make_own: Callable[..., Place]) -> None:
    place = make_own()
    with place.serve(workers=2):
        bus = place.bus
        assert bus is not None
        workers, port = bus.workers(), place.port
        with Pressure(place, place.consumers["EESMN"], threads=2):
            bus.process.kill()
            bus.process.wait()
            for pid in workers.values():
                _gone(pid)
    # As a second supervisor on the very port, at once.
    place.environment["SHLUZ_DOOR_PORT"] = str(port)
    with place.serve(workers=2):
        assert place.port == port
        with Pressure(place, place.consumers["EESMN"], threads=2) as pressure:
            pressure.wait_for(4)
        assert {reply.status for reply in pressure.answers} == {200}


def test_a_port_that_another_bus_shares_out_is_not_taken(make_own: Callable[..., Place]) -> None:
    """The kernel would let a second bus of the same user take half of the connections."""
    place = make_own()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, told = _serve(place, port=taken.getsockname()[1])
    assert code == 1
    assert "cannot be listened on" in told
    assert "door.port" in told


def test_when_the_first_cannot_start_the_reason_is_told_and_all_ends(make_own: Callable[..., Place]) -> None:
    place = make_own()
    place.settings.keys.certificate.unlink()
    code, told = _serve(place)
    assert code == 1
    assert told.splitlines()[-1].startswith("error: The bus has no certificate")
    assert told.count("esb ca init") == 1
    assert "Traceback" not in told


def _serve(place: Place, port: int = 0) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "esb.cli", "--home", str(place.home.path), "serve", "--workers", "2"],
        env={**os.environ, **place.environment, "SHLUZ_DOOR_PORT": str(port), "SHLUZ_LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def _gone(pid: int, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            # Nobody waits for an orphan here, perhaps: one that has ended and is only remembered is gone as well.
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat, suppress(FileNotFoundError):
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return
            assert time.monotonic() < until, "the worker goes on without its supervisor"
            time.sleep(0.05)
