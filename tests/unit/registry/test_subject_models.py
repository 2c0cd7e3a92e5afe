"""What the tables about persons never hold."""

import pytest
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import IntegrityError

from esb.registry.schema import Base
from esb.registry.subject_models import DeferralRow, DeferralStatus, Telling

GOOD = {
    "grant_id": 1, "telling": Telling.HIDDEN, "until": 2.0, "days": None, "legal_basis": "Law", "requested_by": "a",
    "requested_at": 1.0, "status": DeferralStatus.APPROVED, "decided_by": "b", "decided_at": 1.5,
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"decided_by": "a"}, {"days": 3}, {"until": None}, {"until": None, "days": 0}, {"telling": Telling.WHOLE},
     {"decided_at": None}, {"status": DeferralStatus.REQUESTED}],
)  # fmt: skip
def test_a_deferral_of_one_officer_or_without_end_is_refused(wrong: dict[str, object]) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(DeferralRow).values(**GOOD))
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(DeferralRow).values(**{**GOOD, **wrong}))
