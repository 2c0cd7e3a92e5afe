"""Each decision on a deferral is one act; the rules are tested on both databases in tests/contract/test_subjects.py."""

import pytest

from esb.admin.deferrals import decide, defer
from esb.registry.acts import acting, list_changes
from esb.registry.database import open_database, reading
from esb.registry.deferrals import Deferral
from esb.registry.errors import Invalid, NotFound
from esb.registry.subject_models import DeferralStatus, Telling


def test_what_is_not_there_leaves_no_trace(sqlite_database: str) -> None:
    engine = open_database(sqlite_database)
    with pytest.raises(NotFound, match="esb grant deferral list"):
        decide(engine, 7, DeferralStatus.APPROVED, author="a", now=1.0)
    with pytest.raises((NotFound, Invalid)):
        defer(engine, 7, Deferral(Telling.HIDDEN, days=1), "Law", author="a", now=1.0)
    with reading(engine) as session:
        assert list_changes(session) == []
    with acting(engine, "a", 1.0):
        pass
    engine.dispose()
