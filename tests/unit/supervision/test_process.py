"""A worker process as its supervisor sees it: what it is started with, and how its end is told."""

import os
import signal
import subprocess
import sys
import time

import pytest

from esb.supervision import process
from esb.supervision.channel import Channel, make_channel
from esb.supervision.inheritance import Inheritance
from esb.supervision.process import Stage, Worker, interpreter, start_worker
from esb.supervision.sockets import listening_sockets

CODE = """
import os, sys, socket
from esb.supervision.channel import Channel
from esb.supervision.inheritance import Inheritance
given = Inheritance.read(sys.argv[1])
channel = Channel(socket.socket(fileno=given.channel))
channel.say("said", "%d %s %s" % (given.slot, os.environ.get("NOTIFY_SOCKET"), os.environ["KEPT"]))
channel.say("port", given.listening()[1].getsockname()[1])
sys.exit(3)
"""


def test_a_started_worker_has_what_it_is_to_inherit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "interpreter", lambda: [sys.executable, "-c"])
    sockets, quotas = listening_sockets("127.0.0.1", 0, 2), os.memfd_create("test")
    try:
        worker = start_worker(1, [CODE], sockets, quotas, {**os.environ, "NOTIFY_SOCKET": "/x", "KEPT": "yes"}, 5.0)
        assert (worker.stage, worker.started, worker.heard) == (Stage.STARTING, 5.0, 5.0)
        worker.process.wait(20)
        port = str(sockets[1].getsockname()[1])
        assert worker.channel.hear() == [("said", "1 None yes"), ("port", port)]
        assert worker.channel.hear() is None
        assert worker.ending() == "exit code 3"
        worker.signal(signal.SIGTERM)  # it is gone: no error
        worker.channel.close()
    finally:
        for each in sockets:
            each.close()
        os.close(quotas)


def test_how_it_ended_is_told_by_the_signals_name() -> None:
    mine, its = make_channel()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    worker = Worker(0, child, Channel(mine), time.monotonic(), time.monotonic())
    assert worker.pid == child.pid
    worker.signal(signal.SIGKILL)
    child.wait()
    assert worker.ending() == "SIGKILL"
    other = Channel(its)
    worker.serve(2)
    worker.leave(2)
    assert other.hear() == [("serve", "2"), ("leave", "2")]
    assert worker.serves == set()
    worker.channel.close()
    other.close()


def test_a_worker_runs_the_command_esb() -> None:
    done = subprocess.run([*interpreter(), "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.startswith("esb ")) == (0, True)


def test_code_in_the_working_directory_is_found_only_by_who_found_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/usr/lib"])
    assert "-P" in interpreter()
    monkeypatch.setattr(sys, "path", [os.getcwd(), "/usr/lib"])
    assert "-P" not in interpreter()


def test_a_descriptor_that_is_not_named_is_not_inherited() -> None:
    given = Inheritance(0, 4, 5, (6,))
    assert given.text() == "0 of 1: 4 5 6"
