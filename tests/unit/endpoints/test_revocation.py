"""How long revocation lists hold: told while there is time, once for each step, and as unreadiness only at the end."""

from types import SimpleNamespace
from typing import Any

import pytest

from esb.certs.crl import ListEnd
from esb.endpoints.revocation import Lists

HOUR = 3600.0
ISSUER: Any = SimpleNamespace(subject=SimpleNamespace(rfc4514_string=lambda: "CN=National CA"))
END = 1_000_000 * HOUR  # nextUpdate; the grace comes after it


class At:
    """A moment, so many hours before the end of the list."""

    def __init__(self, grace: float = 24.0) -> None:
        self.hours = 200.0
        self.known_until: float | None = END + grace * HOUR
        self.others: list[float] = []
        self.lists = Lists(self.ends, grace * HOUR, lambda: END - self.hours * HOUR)

    def ends(self) -> list[ListEnd]:
        own = [] if self.known_until is None else [self.known_until]
        return [ListEnd(ISSUER, at) for at in (*own, *self.others)]


@pytest.mark.parametrize(
    ("hours", "warning", "problem"),
    [
        (200, "", ""),
        (73, "", ""),
        (71, "runs out in 3 days: renew it", ""),
        (20, "runs out in 20 hours", ""),
        (0.5, "runs out in 30 minutes", ""),
        (-1, "has run out and is relied upon for 23 hours more", ""),
        (-23.75, "for 15 minutes more", ""),
        (-25, "", "ran out, and its grace too"),
    ],
)
def test_what_is_told_when(hours: float, warning: str, problem: str) -> None:
    at = At()
    at.hours = hours
    assert warning in at.lists.warning()
    assert bool(warning) == bool(at.lists.warning())
    assert problem in at.lists.problem()
    assert bool(problem) == bool(at.lists.problem())


def test_each_step_is_news_once() -> None:
    at, told = At(), []
    for hours in (100.0, 72.0, 71.0, 30.0, 24.0, 23.0, 3.0, 2.0, 0.0, -1.0, -12.0, -13.0, -24.0, -25.0):
        at.hours = hours
        told.append(bool(at.lists.news()))
        assert at.lists.news() == ""
    assert told == [False, True, False, False, True, False, True, False, True, False, True, False, True, False]


def test_a_renewed_list_is_good_and_its_end_is_told_anew() -> None:
    at = At()
    at.hours = -20
    assert at.lists.news()
    at.hours = 150
    assert (at.lists.news(), at.lists.warning()) == ("", "")
    at.hours = 2
    assert "2 hours" in at.lists.news()


def test_without_any_list_there_is_nothing_to_tell() -> None:
    at = At()
    at.known_until, at.hours = None, -1000
    assert (at.lists.warning(), at.lists.problem(), at.lists.news()) == ("", "", "")


def test_without_a_grace_the_end_is_the_end() -> None:
    at = At(grace=0)
    at.hours = 1
    assert "60 minutes" in at.lists.news()
    at.hours = -0.01
    assert at.lists.problem()
    assert at.lists.news() == at.lists.problem()


def test_one_authoritys_stale_list_is_a_warning_and_keeps_nobody_else_out() -> None:
    at = At()
    at.others = [END + 1000 * HOUR]
    at.hours = -25
    assert at.lists.problem() == ""
    assert at.lists.warning().startswith("the revocation list of CN=National CA ran out, and its grace too")
    assert at.lists.news() == at.lists.warning()
    at.others = [END - HOUR]
    assert at.lists.problem().startswith("every revocation list ran out")
