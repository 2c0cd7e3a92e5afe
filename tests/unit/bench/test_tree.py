"""The measurement of the tree, at a size that takes a moment."""

import json

import pytest

from esb.bench.tree import main


def test_it_builds_verifies_and_proves(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--records", "3000", "--processes", "1"])
    told = json.loads(capsys.readouterr().out)
    assert told["records"] == 3000
    assert told["findings"] == 0
    assert set(told["seconds"]) == {
        "written",
        "sequenced",
        "signed",
        "one more, added and signed",
        "verified",
        "proved",
    }
