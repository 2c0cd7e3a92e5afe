"""What is done with checkpoints follows the settings."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from esb.attesting import Attesting, quorum_of
from esb.audit.notes import COSIGNATURE, NoteInvalid, NoteKey
from esb.conf.load import load
from esb.kernel.clock import ManualClock

KEYS = [NoteKey(f"w{number}.example", COSIGNATURE, bytes([number]) * 32).text for number in range(3)]


def kept(folder: Path, **environment: str) -> tuple[Any, Any]:
    settings = load(folder, environment).settings
    way, front = SimpleNamespace(undated=None), SimpleNamespace(warnings={}, checks={})
    attesting = Attesting(settings, lambda: True, ManualClock(), b"passphrase")
    attesting.tell(way, front)  # type: ignore[arg-type]
    assert attesting.stop(1), "what never began has ended"
    return way, front


def test_the_homes_own_authority_stamps_where_nothing_else_is_said(tmp_path: Path) -> None:
    way, front = kept(tmp_path)
    assert (set(front.warnings), front.checks, way.undated) == ({"timestamps"}, {}, None)


def test_nobody_stamps_where_nobody_shall(tmp_path: Path) -> None:
    way, front = kept(tmp_path, SHLUZ_EVIDENCE_TIMESTAMP="none")
    assert (front.warnings, way.undated) == ({}, None)


def test_a_limit_is_asked_for_by_the_way_and_told_by_readiness(tmp_path: Path) -> None:
    way, front = kept(tmp_path, SHLUZ_EVIDENCE_TIMESTAMP_LIMIT_SECONDS="60")
    assert not way.undated()
    assert front.checks["timestamps"]() == ""


def test_witnesses_are_asked_over_what_the_settings_trust(tmp_path: Path) -> None:
    listed = ",".join(f"{key} https://{number}.example" for number, key in enumerate(KEYS))
    _, front = kept(tmp_path, SHLUZ_EVIDENCE_WITNESSES=listed)
    assert set(front.warnings) == {"timestamps", "witnesses"}
    settings = load(tmp_path, {"SHLUZ_EVIDENCE_WITNESSES": listed}).settings
    assert (quorum_of(settings).names, quorum_of(settings).count) == ({f"w{n}.example" for n in range(3)}, 2)
    more = load(tmp_path, {"SHLUZ_EVIDENCE_WITNESSES": listed, "SHLUZ_EVIDENCE_QUORUM": "3"}).settings
    assert quorum_of(more).count == 3
    wrong = KEYS[0].replace("+", "+0", 1).replace("w0.example+0", "w0.example+")
    with pytest.raises(NoteInvalid):
        kept(tmp_path, SHLUZ_EVIDENCE_WITNESSES=f"w9.example{wrong.removeprefix('w0.example')} https://x.example")
