"""A served bus whose checkpoints a foreign authority stamps and a witness cosigns; then both fail, in turn.

The witness is `esb witness run` in a process of its own.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.foreign_tsa import ForeignTsa, foreign_tsa, make_foreign_tsa
from support.offices import openssl
from support.place import Place
from support.way import Asker, expect_person

from esb.admin.witness_home import WitnessHome, make_witness
from esb.audit.notes import NoteKey, open_checkpoint
from esb.audit.tree_reader import TreeReader

LIMIT = 4.0


class Runner:
    """`esb witness run`, which can be killed and begun again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = make_witness(folder, "reserve.test/w1")
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        more = ("--listen", f"127.0.0.1:{self.port}", "--every", "1", "--patience", "0")
        command = [sys.executable, "-m", "esb.cli", "witness", "run", str(self.folder), *more]
        environment = {**os.environ, "SHLUZ_LOG_FORMAT": "json"}
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if '"ready"' in line:
                self.port = int(json.loads(line)["port"])
                return
        raise AssertionError("the witness ended")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignTsa]:
    folder = tmp_path_factory.mktemp("tsa")
    make_foreign_tsa(folder)
    with foreign_tsa(folder) as tsa:
        yield tsa


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    runner = Runner(tmp_path_factory.mktemp("witness") / "w")
    runner.start()
    yield runner
    runner.kill()


@pytest.fixture(scope="module")
def place(make_own: Callable[..., Place], tsa: ForeignTsa, witness: Runner) -> Iterator[Place]:
    place = make_own(
        SHLUZ_EVIDENCE_CHECKPOINT_SECONDS="0.2",
        SHLUZ_EVIDENCE_TIMESTAMP=tsa.url,
        SHLUZ_EVIDENCE_TIMESTAMP_ANCHORS=str(tsa.folder / "root.pem"),
        SHLUZ_EVIDENCE_TIMESTAMP_SECONDS="0.2",
        SHLUZ_EVIDENCE_TIMESTAMP_LIMIT_SECONDS=str(LIMIT),
        SHLUZ_EVIDENCE_WITNESSES=f"{witness.key.text} http://127.0.0.1:{witness.port}",
        SHLUZ_EVIDENCE_WITNESS_SECONDS="0.2",
        SHLUZ_EVIDENCE_WITNESS_ALARM_MINUTES="0.02",
    )
    with place.serve():
        key = fetched(place, "/log/key")[1].decode().strip()
        WitnessHome(witness.folder).add(NoteKey.parse(key), f"http://127.0.0.1:{place.port}/log")
        yield place


def fetched(place: Place, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ready(place: Place) -> tuple[int, dict[str, str], dict[str, str]]:
    status, body = fetched(place, "/readyz")
    told = json.loads(body)
    return status, told["checks"], told.get("warnings", {})


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def cosigned(place: Place, witness: Runner) -> int:
    """The size of the checkpoint that is published, where the witness has cosigned it."""
    status, note = fetched(place, "/log/checkpoint")
    if status != 200:
        return 0
    point, seen = open_checkpoint(note, NoteKey.parse(fetched(place, "/log/key")[1].decode()), [witness.key])
    return point.size if seen else 0


def test_a_checkpoint_is_stamped_and_cosigned_soon(
    place: Place, witness: Runner, tsa: ForeignTsa, tmp_path: Path
) -> None:
    expect_person(Asker(place).ask())
    reader = TreeReader(place.settings.evidence.url)
    until(lambda: 0 < reader.size() <= cosigned(place, witness), "the newest checkpoint is cosigned")
    until(lambda: reader.stamped() == reader.size(), "the newest checkpoint is stamped")
    stamped = reader.stamped()
    (stamp,), point = reader.stamps(stamped), reader.checkpoint(stamped)
    reader.close()
    assert point is not None
    assert abs(stamp.at / 1_000_000 - time.time()) < 30
    (tmp_path / "token").write_bytes(stamp.token)
    (tmp_path / "note").write_bytes(point.note)
    verify = ("ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", tsa.folder / "root.pem")
    assert "Verification: OK" in openssl(tmp_path, *verify)
    status, checks, warnings = ready(place)
    assert (status, checks["timestamps"], set(warnings) & {"timestamps", "witnesses"}) == (200, "ok", set())


def test_an_outage_of_the_authority_alarms_then_refuses_and_is_caught_up(place: Place, tsa: ForeignTsa) -> None:
    tsa.broken = b""
    asker = Asker(place)
    expect_person(asker.ask())
    until(lambda: "HTTP 500" in ready(place)[2].get("timestamps", ""), "readiness warns")
    assert ready(place)[0] == 200, "nothing stops before the limit"
    until(lambda: ready(place)[0] == 503, "the limit is reached")
    assert ready(place)[1]["timestamps"] == "no time-stamp for over 4 s"
    refused = asker.ask().reply
    assert (refused.status, refused.code, refused.rule) == (503, "Overloaded", "BUS-06")
    tsa.broken = None
    until(lambda: ready(place)[0] == 200, "it goes on when the authority is back")
    assert "timestamps" not in ready(place)[2]
    expect_person(asker.ask())


def test_a_witness_that_is_killed_goes_on_from_what_it_has_signed(place: Place, witness: Runner) -> None:
    before = cosigned(place, witness)
    witness.kill()
    expect_person(Asker(place).ask())
    until(lambda: "1 of 1 witnesses have not cosigned" in ready(place)[2].get("witnesses", ""), "readiness warns")
    witness.start()
    until(lambda: cosigned(place, witness) > before, "it cosigns again")
    until(lambda: "witnesses" not in ready(place)[2], "readiness is well again")
    (seen,) = WitnessHome(witness.folder).logs()
    assert (seen.log.name, seen.proof) == ("bus.test/log", "")
