"""A system's process: it says when it serves, and ends when it is told to or left alone."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from esb.demo.providers.frame import Journal


@pytest.fixture
def system(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    arguments = ["--folder", tmp_path, "--keys", tmp_path, "--bus-certificate", tmp_path / "bus.pem"]
    with subprocess.Popen(
        [sys.executable, "-m", "esb.demo.providers.identity", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_it_serves_where_it_says(system: "subprocess.Popen[str]") -> None:
    assert system.stdout is not None
    word, url = system.stdout.readline().split()
    assert word == "ready"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", "/iamas/PersonQuery.wsdl")
    answer = connection.getresponse()
    assert (answer.status, url.encode() in answer.read()) == (200, True)
    system.terminate()
    assert system.wait(20) == 0


def test_it_ends_when_nobody_is_there_any_more(system: "subprocess.Popen[str]") -> None:
    assert system.stdout is not None
    assert system.stdin is not None
    system.stdout.readline()
    system.stdin.close()
    assert system.wait(20) == 0


def test_a_journal_keeps_a_line_for_each_note(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.note("GetContracts")
    journal.note("FindPerson", "bus-signature=holds")
    assert [line.split(" ", 1)[1] for line in journal.lines()] == ["GetContracts", "FindPerson bus-signature=holds"]
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
