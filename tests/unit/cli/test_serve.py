"""`esb serve`, and the sequence that README.md shows, as it is written there."""

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from support.place import CONTRACTS

from esb.certs.keys import generate_key
from esb.certs.requests import make_request

Run = Callable[..., Result]
README = Path(__file__).parents[3] / "README.md"


def readme_commands() -> list[str]:
    """The command lines of "A bus of your own"."""
    section = README.read_text(encoding="utf-8").partition("## A bus of your own")[2]
    block = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return block.group(1).strip().splitlines()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


class Serving:
    """`esb serve` in a process of its own, with its log in JSON."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "esb.cli", "serve"],
            env={**os.environ, "SHLUZ_HOME": str(home), "SHLUZ_DOOR_PORT": "0", "SHLUZ_LOG_FORMAT": "json"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def port(self) -> int:
        """Waits until it is ready."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if '"ready"' in line:
                return int(json.loads(line)["port"])
        raise AssertionError("it ended: " + "".join(self.lines))

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit code and its whole log."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, "".join(self.lines) + rest


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[[Path], Serving]]:
    started: list[Serving] = []

    def start(home: Path) -> Serving:
        started.append(Serving(home))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_the_readmes_own_bus_runs_as_written(run: Run, tmp_path: Path, serving: Callable[[Path], Serving]) -> None:
    home = tmp_path / "shluz"
    (tmp_path / "eesmn.csr").write_bytes(_request("EESMN"))
    shutil.copy(CONTRACTS / "person.wsdl", tmp_path)
    shutil.copy(CONTRACTS / "person.xsd", tmp_path)
    environ: dict[str, str] = {}
    for line in readme_commands():
        words = shlex.split(line.replace("/srv/shluz", str(home)), comments=True)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environ[name] = value
        elif words == ["esb", "serve"]:
            break
        else:
            assert words[0] == "esb"
            result = run(*words[1:], **environ)
            assert result.exit_code == 0, f"{line}\n{result.output}"
    else:
        pytest.fail("the sequence does not end with esb serve")
    assert (tmp_path / "eesmn.pem").exists()
    bus = serving(home)
    port = bus.port()
    status, body = get(port, "/readyz")
    assert (status, json.loads(body)["ready"]) == (200, True)
    assert get(port, "/healthz")[0] == 200
    status, wsdl = get(port, "/services/DIN/IAMAS/PersonQuery/v1?wsdl")
    assert (status, b"GetPerson" in wsdl) == (200, True)
    code, log = bus.end(signal.SIGTERM)
    assert code == 0, log
    assert "Traceback" not in log
    assert '"stopping"' in log
    assert '"stopped"' in log
    with pytest.raises(OSError):
        get(port, "/healthz")


def _request(code: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return make_request(generate_key("p256"), code).public_bytes(Encoding.PEM)


def test_a_bad_home_is_a_sentence_and_an_exit_code(office: Run, tmp_path: Path) -> None:
    (tmp_path / "shluz-home" / "keys" / "bus.pem").unlink()
    result = office("serve")
    assert result.exit_code == 1
    assert "esb ca init" in result.stderr
    assert "Traceback" not in result.output


def test_wrong_settings_are_told_before_anything_is_touched(office: Run, tmp_path: Path) -> None:
    result = office("serve", SHLUZ_DOOR_PORT="many")
    assert result.exit_code == 2
    assert "door.port" in result.stderr
    assert not (tmp_path / "shluz-home" / "evidence.db").exists()


def test_a_home_without_an_authority_says_how_to_go_on(run: Run) -> None:
    assert run("init").exit_code == 0
    result = run("serve")
    assert result.exit_code == 1
    assert result.stderr


def test_an_interrupt_ends_it_in_order_too(office: Run, tmp_path: Path, serving: Callable[[Path], Serving]) -> None:
    bus = serving(tmp_path / "shluz-home")
    bus.port()
    code, log = bus.end(signal.SIGINT)
    assert (code, '"stopped"' in log, "Traceback" in log) == (0, True, False)


def test_a_hangup_of_a_single_process_is_told_and_changes_nothing(
    office: Run, tmp_path: Path, serving: Callable[[Path], Serving]
) -> None:
    bus = serving(tmp_path / "shluz-home")
    port = bus.port()
    bus.process.send_signal(signal.SIGHUP)
    assert bus.process.stdout is not None
    told = json.loads(bus.process.stdout.readline())
    assert (told["level"], "--workers 1" in told["event"]) == ("warning", True)
    assert get(port, "/healthz")[0] == 200
    assert bus.end(signal.SIGTERM)[0] == 0


def test_workers_can_be_set_as_well_as_asked_for(
    office: Run, tmp_path: Path, serving: Callable[[Path], Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHLUZ_WORKERS_COUNT", "1")
    bus = serving(tmp_path / "shluz-home")
    port = bus.port()
    status, body = get(port, "/readyz")
    assert (status, json.loads(body)["worker"]) == (200, 0)
    code, log = bus.end(signal.SIGINT)
    assert (code, "Traceback" in log) == (0, False)
    assert '"worker ready"' in log


def test_a_worker_is_not_started_by_hand(office: Run) -> None:
    result = office("serve", "--worker", "0 of 1: 900 901 902")
    assert result.exit_code == 1
    assert "esb serve --workers N" in result.stderr
    assert "--worker " not in office("serve", "--help").output
