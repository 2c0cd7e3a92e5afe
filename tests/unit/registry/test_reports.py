"""Reports of checks are found by what they say."""

import hashlib

import pytest
import sqlalchemy as sa

from esb.registry.acts import Act, list_changes
from esb.registry.errors import Invalid, NotFound
from esb.registry.reports import get_report, put_report


def test_a_report_is_kept_once_under_its_digest(act: Act) -> None:
    text = '{"service":"Şəxs"}'
    digest = put_report(act, text, "DIN/A/B/v1", True)
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    assert put_report(act, text, "DIN/A/B/v1", True) == digest
    assert get_report(act.session, digest).report == text
    assert [row.kind for row in list_changes(act.session)] == ["check-report"]


def test_a_report_that_was_changed_is_not_given(act: Act) -> None:
    digest = put_report(act, "{}", "DIN/A/B/v1", False)
    act.session.flush()
    act.session.execute(sa.text("UPDATE check_reports SET report = '[]'"))
    act.session.expire_all()
    with pytest.raises(Invalid, match="does not match"):
        get_report(act.session, digest)


def test_there_is_no_report_of_another_digest(act: Act) -> None:
    with pytest.raises(NotFound):
        get_report(act.session, "0" * 64)
