"""`esb classifier`."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_list_and_show(run: Run) -> None:
    assert "document-kind" in run("classifier", "list").stdout
    assert "region" in {each["code"] for each in json.loads(run("classifier", "list", "--json").stdout)}
    assert "Gəncə" in run("classifier", "show", "region").stdout
    assert json.loads(run("classifier", "show", "gender", "--json").stdout)["version"] == 1


def test_export(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "region.csv"
    assert "Wrote" in run("classifier", "export", "region", "--format", "csv", "--out", str(out)).stdout
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert {"code": "AZ-GA", "az": "Gəncə", "en": "Ganja"} in rows
    assert json.loads(run("classifier", "export", "region").stdout)["code"] == "region"


def test_an_unknown_one_is_told_with_those_there_are(run: Run) -> None:
    result = run("classifier", "show", "nothing")
    assert result.exit_code == 1
    assert "gender" in result.stderr
