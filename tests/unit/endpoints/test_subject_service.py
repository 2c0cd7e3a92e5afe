"""The tracker's service where it cannot answer; what it answers is in tests/way/test_subjects.py."""

from types import SimpleNamespace

import pytest

from esb.adapters.hosted.find import find_service
from esb.adapters.hosted.typed import Fault
from esb.audit.record import StoreUnavailable
from esb.endpoints.subject_service import SUBJECTS, subject_history


def ask(histories: object, officer: str = "tracker") -> str:
    bus = SimpleNamespace(histories=histories, now=lambda: 1.0)
    ctx = SimpleNamespace(udc=SimpleNamespace(bus=bus, consumer="EESMN", officer=officer))
    with pytest.raises(Fault) as refused:
        subject_history(ctx, "5ABC123", "why", None, None, None, None, None)
    assert "5ABC123" not in str(refused.value.faultstring)
    return str(refused.value.faultcode)


class Away:
    def read(self, *_: object, **__: object) -> None:
        raise StoreUnavailable("/secret/place is gone")


def test_it_says_what_keeps_it_from_answering() -> None:
    assert find_service("subjects") is SUBJECTS
    assert ask(None) == "Server.NotHere"
    assert ask(Away(), officer="") == "Client.OfficerMissing"
    assert ask(Away()) == "Server.LogUnavailable"
