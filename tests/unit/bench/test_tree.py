"""The measurement of the tree, at a size that takes a moment."""

import json
from pathlib import Path

import pytest

from esb.bench.tree import main


def test_it_builds_verifies_proves_and_searches(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esb.bench.tree._WRITTEN", 100)
    monkeypatch.setattr("esb.bench.tree.BATCH", 100)
    monkeypatch.setattr("esb.bench.search._TIMES", 1)
    main(["--records", "3000", "--processes", "1", "--folder", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["findings"]) == (3000, 0)
    assert {"made", "sequenced", "indexed", "index checked", "written", "verified", "proved"} <= set(told["seconds"])
    assert told["cpu_us"].keys() == told["seconds"].keys()
    assert {"evidence.db", "evidence-tree.db", "evidence-search.db"} <= set(told["bytes"])
    assert set(told["milliseconds"]["officer"]) == {"cold", "p50", "p95", "cpu"}
    assert list(tmp_path.iterdir()) == []
