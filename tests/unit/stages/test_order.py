"""The two tuples are the architecture: what a stage gives is what the next one takes."""

from collections.abc import Awaitable
from itertools import pairwise
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from esb.kernel.message import Received, Replied
from esb.stages.order import REQUEST, RESPONSE, Stage
from esb.stages.way import Way

WHOLE = (*REQUEST, *RESPONSE)


def given_by(stage: Stage) -> set[Any]:
    """The types that a stage can give, awaited."""
    return _flat(get_type_hints(stage)["return"])


def _flat(hint: Any) -> set[Any]:
    if get_origin(hint) in (UnionType, Union):
        return set().union(*map(_flat, get_args(hint)))
    if get_origin(hint) is Awaitable:
        return _flat(get_args(hint)[0])
    return {hint}


def taken_by(stage: Stage) -> tuple[Any, Any]:
    hints = get_type_hints(stage)
    hints.pop("return")
    message, way = hints.values()
    return message, way


@pytest.mark.parametrize(("before", "after"), list(pairwise(WHOLE)), ids=lambda stage: stage.__name__)
def test_each_stage_takes_what_the_one_before_gives(before: Stage, after: Stage) -> None:
    given = given_by(before)
    # A lawful retry leaves the way at once with the recorded answer; nothing else may leave it early.
    if before.__name__ == "record_request":
        given.remove(Replied)
    assert given == {taken_by(after)[0]}


def test_the_way_begins_with_bytes_and_ends_with_a_reply() -> None:
    assert taken_by(REQUEST[0])[0] is Received
    assert given_by(RESPONSE[-1]) == {Replied}


def test_every_stage_is_given_the_way() -> None:
    assert {taken_by(stage)[1] for stage in WHOLE} == {Way}


def test_the_names_are_those_of_the_documents() -> None:
    assert [stage.__name__ for stage in REQUEST] == [
        "parse",
        "authenticate",
        "authorize",
        "validate",
        "record_request",
        "route",
        "adapt",
    ]
    assert [stage.__name__ for stage in RESPONSE] == ["verify", "validate_answer", "sign", "reply"]


def test_evidence_comes_before_the_act() -> None:
    names = [stage.__name__ for stage in WHOLE]
    assert names.index("authenticate") < names.index("record_request") < names.index("adapt") < names.index("reply")
