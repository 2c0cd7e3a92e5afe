"""`esb log export`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support.records import a_record

from esb.audit.store import open_store

Run = Callable[..., Result]


def test_an_export_is_told_and_on_record(office: Run, tmp_path: Path) -> None:
    from esb.conf.load import load

    url = load(tmp_path / "shluz-home", {}).settings.evidence.url
    arguments = ("log", "export", "--format", "csv", "--reason", "letter 17")
    assert "a bus makes it" in office(*arguments, "--out", "x.csv").stderr
    store = open_store(url)
    store.write([a_record(), a_record(consumer="EESMN")])
    store.close()
    told = office(*arguments, "--out", str(tmp_path / "x.csv"), "--consumer", "EESMN")
    assert "Wrote 1 records" in told.stdout
    assert len((tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()) == 2
    acts = json.loads(office("act", "list", "--about", "evidence", "--json").stdout)
    assert [act["detail"]["reason"] for act in acts] == ["letter 17"]
    found = json.loads(office("log", "search", "--kind", "change", "--service", "evidence:log", "--json").stdout)
    assert [each["operation"] for each in found["records"]] == ["export"]
    again = office(*arguments, "--out", str(tmp_path / "x.csv"))
    assert (again.exit_code, "not overwritten" in again.stderr) == (1, True)
    assert office("log", "export", "--format", "csv", "--out", "y.csv").exit_code == 2
    as_json = office(*arguments, "--json", "--out", str(tmp_path / "y.csv"))
    assert json.loads(as_json.stdout)["records"] >= 3
