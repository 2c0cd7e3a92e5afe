"""An act is whole or not at all, and leaves one change row."""

from typing import Any

import pytest
from sqlalchemy import Engine

from esb.registry.acts import acting, find_changes, last_change, list_changes, same_officer
from esb.registry.database import reading
from esb.registry.errors import Invalid


@pytest.mark.parametrize(("author", "now"), [("", 1.0), ("a\nb", 1.0), ("officer", float("nan"))])
def test_an_act_without_an_author_or_a_time_does_not_begin(engine: Engine, author: str, now: float) -> None:
    with pytest.raises(Invalid), acting(engine, author, now):
        pytest.fail("the act began")


def test_a_change_is_there_after_the_act_and_not_before(engine: Engine) -> None:
    with acting(engine, "officer", 5.0) as act:
        act.record("add", "member", "X", {"b": 1, "a": None})
        with reading(engine) as session:
            assert list_changes(session) == []
    with reading(engine) as session:
        [change] = list_changes(session)
    assert (change.author, change.at, change.act, change.kind, change.key) == ("officer", 5.0, "add", "member", "X")
    assert change.detail == {"a": None, "b": 1}


def test_an_error_leaves_nothing_behind(engine: Engine) -> None:
    def fail() -> None:
        with acting(engine, "officer", 5.0) as act:
            act.record("add", "member", "X", {})
            raise KeyError("anything")

    with pytest.raises(KeyError):
        fail()
    with reading(engine) as session:
        assert list_changes(session) == []


def test_numbers_are_never_given_twice(engine: Engine) -> None:
    with acting(engine, "officer", 5.0) as act:
        act.record("add", "member", "X", {})
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM changes")
    with acting(engine, "officer", 5.0) as act:
        act.record("add", "member", "Y", {})
    with reading(engine) as session:
        assert [change.number for change in list_changes(session)] == [2]


def test_changes_are_read_in_pages(engine: Engine) -> None:
    with acting(engine, "officer", 5.0) as act:
        for key in "abcd":
            act.record("add", "member", key, {})
    with reading(engine) as session:
        first = list_changes(session, limit=3)
        assert [change.key for change in first] == ["a", "b", "c"]
        assert [change.key for change in list_changes(session, since=first[-1].number, limit=3)] == ["d"]


def test_changes_are_found_by_thing_author_and_time(engine: Engine) -> None:
    for number, (author, kind, key) in enumerate(
        [("a", "grant", "1"), ("b", "grant", "2"), ("a", "member", "1"), ("a", "grant", "2")], 1
    ):
        with acting(engine, author, float(number)) as act:
            act.record("update", kind, key, {})
    with reading(engine) as session:

        def found(**wanted: Any) -> list[int]:
            return [row.number for row in find_changes(session, **wanted)]

        assert found() == [4, 3, 2, 1]
        assert found(kind="grant") == [4, 2, 1]
        assert found(kind="grant", key="2") == [4, 2]
        assert found(author="a", since=2.0) == [4, 3]
        assert found(before=3, limit=1) == [2]
        assert last_change(session, 2) is not None
        assert [getattr(last_change(session, until), "number", None) for until in (None, 3, 0)] == [4, 3, None]


def test_a_person_is_the_same_however_the_name_is_written() -> None:
    assert all(same_officer("leyla", name) for name in ("leyla", "LEYLA", " Leyla ", "ｌｅｙｌａ"))
    assert not same_officer("leyla", "aydin")
