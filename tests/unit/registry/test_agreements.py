"""Agreements: which was in force when."""

from dataclasses import replace

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.agreements import Agreement, add_agreement, agreement_in_force, end_agreement, list_agreements
from esb.registry.errors import Conflict, Invalid, NotFound

FIRST = Agreement("12/2026", 100.0, 900.0, "a" * 64)


def test_an_agreement_is_kept_once(act: Act, service: ServiceId) -> None:
    number = add_agreement(act, "DIN", FIRST)
    assert add_agreement(act, "DIN", FIRST) == number
    assert add_agreement(act, "DSMF", FIRST) != number
    with pytest.raises(Conflict, match="a number of their own"):
        add_agreement(act, "DIN", replace(FIRST, ends_at=950.0))
    assert [row.number for row in list_agreements(act.session, "DIN")] == ["12/2026"]
    assert len(list_agreements(act.session)) == 2


def test_which_is_in_force_depends_on_the_time(act: Act, service: ServiceId) -> None:
    add_agreement(act, "DIN", FIRST)
    add_agreement(act, "DIN", Agreement("13/2026", 500.0))

    def found(now: float) -> str | None:
        row = agreement_in_force(act.session, "DIN", now)
        return None if row is None else row.number

    assert [found(now) for now in (99.0, 100.0, 499.0, 500.0, 5_000.0)] == [
        None,
        "12/2026",
        "12/2026",
        "13/2026",
        "13/2026",
    ]
    end_agreement(act, "DIN", "13/2026", "both sides agreed")
    assert found(act.now - 1) == "13/2026"
    assert found(act.now) is None
    assert found(899.0) == "13/2026"
    before = len(list_changes(act.session))
    end_agreement(act, "DIN", "13/2026", "again")
    assert len(list_changes(act.session)) == before
    assert list_changes(act.session)[-1].detail == {"member": "DIN", "number": "13/2026", "reason": "both sides agreed"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"number": " "}, "number"),
        ({"number": "1" * 65}, "64 are the most"),
        ({"ends_at": 100.0}, "ends before"),
        ({"signed_at": -1.0}, "signature"),
        ({"document": "xyz"}, "SHA-256"),
    ],
)
def test_what_is_no_agreement(act: Act, service: ServiceId, change: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        add_agreement(act, "DIN", replace(FIRST, **change))  # type: ignore[arg-type]


def test_what_is_not_there(act: Act, service: ServiceId) -> None:
    with pytest.raises(NotFound, match="NOBODY"):
        add_agreement(act, "NOBODY", FIRST)
    with pytest.raises(NotFound, match="'9/9'"):
        end_agreement(act, "DIN", "9/9", "why")
    add_agreement(act, "DIN", FIRST)
    with pytest.raises(Invalid, match="reason"):
        end_agreement(act, "DIN", FIRST.number, "")
