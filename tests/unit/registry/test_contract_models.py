"""The tables guard themselves."""

import pytest
from sqlalchemy.exc import IntegrityError

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.contract_models import RevisionRow, SunsetRow
from esb.registry.services import get_service


@pytest.mark.parametrize(
    ("at", "ended_at", "ended_by"), [(50.0, None, None), (200.0, 150.0, None), (200.0, 50.0, "officer")]
)
def test_a_sunset_comes_after_it_was_set_and_ends_by_somebody(
    act: Act, service: ServiceId, at: float, ended_at: float | None, ended_by: str | None
) -> None:
    number = get_service(act.session, service).id
    act.session.add(
        SunsetRow(service_id=number, at=at, set_at=100.0, set_by="officer", ended_at=ended_at, ended_by=ended_by)
    )
    with pytest.raises(IntegrityError):
        act.session.flush()


def test_revisions_are_counted_from_one(act: Act, service: ServiceId, contract: str) -> None:
    number = get_service(act.session, service).id
    act.session.add(RevisionRow(service_id=number, number=0, contract=contract, from_at=1.0, author="a", report=None))
    with pytest.raises(IntegrityError):
        act.session.flush()
