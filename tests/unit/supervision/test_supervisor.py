"""The supervisor with workers of a few lines: what it does when they start, die, hang, and are renewed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from esb.supervision import process, supervisor
from esb.supervision.sockets import listening_sockets
from esb.supervision.supervisor import CannotServe, Supervisor

# What a worker does: writes to FOLDER/NUMBER.PID what it was told.  FOLDER/how says in what way it fails.
WORKER = """
import os, pathlib, signal, socket, sys, time
from esb.supervision.channel import Channel
from esb.supervision.inheritance import Inheritance
given = Inheritance.read(sys.argv[1])
folder = pathlib.Path(os.environ["FOLDER"])
channel = Channel(socket.socket(fileno=given.channel))
how = (folder / "how").read_text() if (folder / "how").exists() else ""
if how == "fails":
    channel.say("failed", "keys/bus.pem is missing")
    sys.exit(1)
if how == "crashes":
    os.kill(os.getpid(), signal.SIGSEGV)
if how == "second fails" and given.slot == 1:
    sys.exit(9)
notes = folder / f"{given.slot}.{os.getpid()}"
def note(text):
    with notes.open("a") as file:
        file.write(text + "\\n")
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
if how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
channel.say("ready")
note("began")
while not ended:
    said = channel.hear()
    if said is None:
        break
    for word, what in said:
        note(f"{word} {what}".strip())
        if word == "retire" and how != "deaf":
            ended.append(1)
    if not how.startswith("mute"):
        channel.say("beat")
    time.sleep(0.02)
note("ended")
"""


class Crew:
    """A supervisor in this thread, and what others see of it."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.sockets = listening_sockets("127.0.0.1", 0, count)
        self.supervisor = Supervisor([WORKER], self.sockets, {**os.environ, "FOLDER": str(folder)}, 0.0)

    def how(self, text: str) -> None:
        (self.folder / "how").write_text(text)

    def notes(self) -> dict[tuple[int, int], list[str]]:
        """By slot and process, what each worker noted."""
        found = {}
        for file in self.folder.glob("[0-9]*.*"):
            slot, pid = file.name.split(".")
            found[int(slot), int(pid)] = file.read_text().splitlines()
        return found

    def serving(self) -> dict[int, tuple[int, list[str]]]:
        """By slot, the process that serves it and has not ended, with its notes."""
        return {
            slot: (pid, notes)
            for (slot, pid), notes in self.notes().items()
            if f"serve {slot}" in notes and "ended" not in notes and _lives(pid)
        }

    def first(self) -> list[str]:
        """The notes of the first worker."""
        return next(notes for (slot, _), notes in self.notes().items() if slot == 0)

    def run(self, *acts: Callable[[], object]) -> None:
        """Run it; meanwhile do each act, and end it when all are done."""
        problems: list[BaseException] = []

        def act() -> None:
            try:
                for each in acts:
                    each()
            except BaseException as error:
                problems.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=act)
        thread.start()
        try:
            self.supervisor.run()
        finally:
            thread.join(60)
        if problems:
            raise problems[0]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def make_crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Crew]]:
    monkeypatch.setattr(process, "interpreter", lambda: [sys.executable, "-c"])
    made: list[Crew] = []

    def make(count: int = 2) -> Crew:
        made.append(Crew(tmp_path, count))
        return made[-1]

    yield make
    for crew in made:
        assert all(each.fileno() == -1 for each in crew.sockets)
        assert not any(_lives(pid) for _, pid in crew.notes())


def test_every_slot_gets_its_worker_and_a_stop_ends_them(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(3)
    # The first serves for those that are still starting, and leaves them when they come.
    told = {"serve 1", "serve 2", "leave 1", "leave 2"}
    crew.run(lambda: until(lambda: len(crew.serving()) == 3 and told <= set(crew.first())))
    assert all(notes[-1] == "ended" for notes in crew.notes().values())


def test_one_that_dies_is_replaced_and_covered_meanwhile(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(2)
    victim: list[int] = []

    def kill() -> None:
        until(lambda: len(crew.serving()) == 2)
        victim.append(crew.serving()[1][0])
        os.kill(victim[0], signal.SIGKILL)

    crew.run(
        kill,
        lambda: until(lambda: crew.serving().get(1, victim)[0] != victim[0] and len(crew.serving()) == 2),
        lambda: until(lambda: crew.first().count("serve 1") == crew.first().count("leave 1") == 2),
    )


def test_a_renewal_replaces_each_by_one_that_serves_first(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(2)
    before: dict[int, int] = {}

    def renew() -> None:
        until(lambda: len(crew.serving()) == 2)
        before.update({slot: pid for slot, (pid, _) in crew.serving().items()})
        os.kill(os.getpid(), signal.SIGHUP)

    def renewed() -> bool:
        now = {slot: pid for slot, (pid, _) in crew.serving().items()}
        return len(now) == 2 and not set(now.values()) & set(before.values())

    def retired() -> bool:
        notes = crew.notes()
        return all(notes[slot, pid][-2:] == ["retire", "ended"] for slot, pid in before.items())

    crew.run(renew, lambda: until(renewed), lambda: until(retired))


def test_a_renewal_that_fails_leaves_all_as_they_are(make_crew: Callable[..., Crew], capfd: object) -> None:
    crew = make_crew(2)
    before: dict[int, int] = {}

    def renew() -> None:
        until(lambda: len(crew.serving()) == 2)
        before.update({slot: pid for slot, (pid, _) in crew.serving().items()})
        crew.how("fails")
        os.kill(os.getpid(), signal.SIGHUP)
        until(lambda: crew.supervisor._to_renew is not None or crew.supervisor._announced is False)
        until(lambda: crew.supervisor._to_renew is None and not any(s.successor for s in crew.supervisor._slots))
        assert {slot: pid for slot, (pid, _) in crew.serving().items()} == before
        # And they are renewed at the next attempt.
        crew.how("")
        os.kill(os.getpid(), signal.SIGHUP)
        until(lambda: not {pid for pid, _ in crew.serving().values()} & set(before.values()))

    crew.run(renew)


def test_two_hangups_are_two_renewals(make_crew: Callable[..., Crew]) -> None:
    """The second may have come after what the first one's workers had read."""
    crew = make_crew(1)

    def renew() -> None:
        until(lambda: len(crew.serving()) == 1)
        os.kill(os.getpid(), signal.SIGHUP)
        until(lambda: crew.supervisor._to_renew is not None)
        os.kill(os.getpid(), signal.SIGHUP)

    crew.run(renew, lambda: until(lambda: len(crew.notes()) == 3 and len(crew.serving()) == 1))


def test_only_so_many_old_ones_may_be_there(make_crew: Callable[..., Crew]) -> None:
    """Each restart leaves workers that still answer; those of the last may take their time, earlier ones hurry."""
    crew = make_crew(1)

    def restart(times: int) -> None:
        for _ in range(times):
            before = crew.supervisor._restarts
            os.kill(os.getpid(), signal.SIGHUP)
            until(lambda before=before: crew.supervisor._restarts > before and crew.supervisor._to_renew is None)  # type: ignore[misc]

    def renew() -> None:
        until(lambda: len(crew.serving()) == 1)
        crew.how("deaf")
        restart(2)  # the second, deaf to its retirement, is there when the third comes
        crew.how("")
        restart(1)
        until(lambda: len(crew.notes()) == 4)
        assert not any("hurry" in notes for notes in crew.notes().values())
        restart(1)
        until(lambda: sum("hurry" in notes for notes in crew.notes().values()) == 1)
        for _, pid in crew.notes():
            if "hurry" in crew.notes()[0, pid]:
                os.kill(pid, signal.SIGKILL)

    crew.supervisor._drain_seconds = -supervisor._OVER  # the deaf ones are killed at once in the end
    crew.run(renew)


def test_the_first_that_cannot_start_ends_it_with_its_reason(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(2)
    crew.how("fails")
    with pytest.raises(CannotServe, match=r"keys/bus\.pem is missing"):
        crew.supervisor.run()


def test_one_that_crashes_at_the_start_is_told_by_its_end(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(1)
    crew.how("crashes")
    with pytest.raises(CannotServe, match="SIGSEGV"):
        crew.supervisor.run()


def test_one_that_keeps_failing_is_tried_more_slowly_and_the_others_serve(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(2)
    crew.how("second fails")

    def wait() -> None:
        until(lambda: crew.supervisor._slots[1].pace.young_deaths >= 3)
        assert set(crew.serving()) == {0}
        crew.how("")

    crew.run(wait, lambda: until(lambda: set(crew.serving()) == {0, 1}))
    assert crew.supervisor._announced


def test_one_that_says_nothing_any_more_is_killed_and_replaced(
    make_crew: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_SILENT", 0.5)
    crew = make_crew(1)
    crew.how("mute")

    def wait() -> None:
        until(lambda: len(crew.notes()) >= 2)
        crew.how("")
        until(lambda: len(crew.serving()) == 1 and len(crew.notes()) >= 3)

    crew.run(wait)


def test_a_machine_that_was_suspended_kills_nobody(
    make_crew: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    crew, shift, really = make_crew(2), [0.0], time.monotonic
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: really() + shift[0])

    def suspend() -> None:
        until(lambda: len(crew.serving()) == 2)
        before = crew.serving().keys()
        for _ in range(3):
            shift[0] += 1000.0
            looked = crew.supervisor._looked
            until(lambda looked=looked: crew.supervisor._looked > looked + 900)  # type: ignore[misc]
        assert crew.serving().keys() == before
        assert len(crew.notes()) == 2

    crew.run(suspend)


def test_one_that_does_not_end_is_killed_in_the_end(
    make_crew: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_OVER", 0.5)
    crew = make_crew(1)
    crew.how("deaf")
    crew.run(lambda: until(lambda: len(crew.serving()) == 1))
    assert "ended" not in next(iter(crew.notes().values()))


def test_a_second_signal_does_not_wait(make_crew: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_OVER", 3600.0)
    monkeypatch.setattr(supervisor, "_LAST", 0.2)
    crew = make_crew(1)
    crew.how("deaf")

    def twice() -> None:
        until(lambda: len(crew.serving()) == 1)
        os.kill(os.getpid(), signal.SIGINT)
        until(lambda: crew.supervisor._stops == 1)

    crew.run(twice)


def test_systemd_hears_how_it_fares(
    make_crew: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        crew = make_crew(1)

        def renew() -> None:
            until(lambda: crew.supervisor._signed > 0)
            os.kill(os.getpid(), signal.SIGHUP)
            until(lambda: len(crew.notes()) == 2 and len(crew.serving()) == 1)

        crew.run(renew)
        manager.setblocking(False)
        told = []
        while True:
            try:
                told.append(manager.recv(1000).decode().split("\n")[0])
            except BlockingIOError:
                break
    states = [state for state in told if not state.startswith("STATUS=") and state != "WATCHDOG=1"]
    assert "WATCHDOG=1" in told
    assert states == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
