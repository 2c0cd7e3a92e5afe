"""How far long work is, told to a person and to nobody else."""

import pytest

from esb.cli.progress import progress


def test_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    progress("records")(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_person_watches(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    told = progress("records")
    told(1_000, 2_000)
    told(2_000, 2_000)
    assert capsys.readouterr().err == "\r1,000 of 2,000 records\r2,000 of 2,000 records\n"
