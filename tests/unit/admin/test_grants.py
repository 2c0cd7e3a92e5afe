"""Acts on grants; every step on both databases is in tests/contract/test_officers_acts.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from unit.admin.conftest import NOW, Office

from esb.admin import grants
from esb.admin.grants import TwoOfficersWanted
from esb.admin.papers import Paper
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, list_changes
from esb.registry.contracts import put_contract
from esb.registry.database import reading
from esb.registry.grants import Leave, get_grant
from esb.registry.members import add_system
from esb.registry.services import Terms, add_service

SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
LEAVE = Leave("pension", "Law 55", NOW)


@pytest.fixture
def engine(office: Office, make_contract: Callable[..., Contract]) -> Engine:
    with acting(office.engine, "operator", NOW) as act:
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        add_service(act, SERVICE, put_contract(act, b"packed", make_contract()), Terms("https://provider.example/"))
    return office.engine


def test_nothing_is_archived_or_told_of_what_is_refused(engine: Engine) -> None:
    with reading(engine) as session:
        before = len(list_changes(session))
    paper = Paper("letter.txt", b"x", "text/plain")
    with pytest.raises(TwoOfficersWanted):
        grants.give(engine, "DIN", SERVICE, LEAVE, paper=paper, two_officers=True, author="leyla", now=NOW)
    with reading(engine) as session:
        assert len(list_changes(session)) == before


def test_the_paper_stands_in_the_grant(engine: Engine) -> None:
    paper = Paper("letter.txt", b"x", "text/plain")
    number = grants.request(engine, "DIN", SERVICE, LEAVE, paper=paper, author="leyla", now=NOW)
    with reading(engine) as session:
        kinds = [change.kind for change in list_changes(session)][-2:]
        assert (kinds, len(get_grant(session, number).document or "")) == (["document", "grant"], 64)


def test_the_same_grant_given_again_is_told_of_once(engine: Engine) -> None:
    for _ in range(2):
        assert grants.give(engine, "DIN", SERVICE, LEAVE, two_officers=False, author="leyla", now=NOW) == 1
    for _ in range(2):
        grants.revoke(engine, 1, "over", author="leyla", now=NOW)
    with reading(engine) as session:
        assert [change.kind for change in list_changes(session)].count("notice") == 2
