"""Stages of a sunset; what both databases must do is in tests/contract/test_contract_versions.py."""

import pytest
from sqlalchemy import Engine, select

from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.database import reading
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.notice_models import NoticeRow
from esb.registry.services import Terms, add_service
from esb.registry.sunsets import announce_sunsets, set_sunset

DAY = 86_400.0
SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")


@pytest.fixture
def offered(engine: Engine, make_contract) -> Engine:  # type: ignore[no-untyped-def]
    with acting(engine, "officer", 1_000.0) as act:
        for code in ("DIN", "DSMF"):
            add_member(act, code, code, code, MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        add_service(
            act, SERVICE, put_contract(act, b"packed", make_contract("Ask")), Terms("https://provider.example/")
        )
        add_grant(act, "DSMF", SERVICE, Leave("test", "Law 1", 1_000.0))
    return engine


@pytest.mark.parametrize("days", [60, 30, 7, 1])
def test_every_stage_comes_on_its_day(offered: Engine, days: int) -> None:
    end = 1_000.0 + 100 * DAY
    with acting(offered, "officer", 1_000.0) as act:
        set_sunset(act, SERVICE, end)
    announce_sunsets(offered, "timer", end - days * DAY - 1)
    announce_sunsets(offered, "timer", end - days * DAY)
    with reading(offered) as session:
        last = session.scalars(select(NoticeRow).order_by(NoticeRow.id)).all()[-1]
        assert last.facts["stage"] == f"{days} days ahead"
        assert last.facts["days"] == days
        assert last.about == f"service:{SERVICE}"
