"""How a range of numbers is searched, and what is asked of an archive; what comes of it is in tests/contract."""

from contextlib import closing
from pathlib import Path

import pytest
from support.archives import SIGNER, a_log, archived, dropped, moment

from esb.audit.depot import Depot, Folder
from esb.audit.past import Past, stretches
from esb.audit.search_index import index_reading
from esb.audit.store import locate
from esb.audit.vault import Vault


@pytest.mark.parametrize(
    ("low", "high", "border", "uncovered", "found"),
    [
        (0, 9, 0, [], [(0, 9, "log")]),
        (0, 9, 5, [], [(0, 5, "index"), (5, 9, "log")]),
        (0, 9, 20, [(2, 4)], [(0, 2, "index"), (2, 4, "through"), (4, 9, "index")]),
        (3, 9, 6, [(2, 4), (6, 8)], [(3, 4, "through"), (4, 6, "index"), (6, 8, "through"), (8, 9, "log")]),
        (3, 9, 4, [(20, 30)], [(3, 4, "index"), (4, 9, "log")]),
        (9, 9, 4, [(2, 4)], []),
        (9, 3, 4, [(2, 4)], []),
    ],
)
def test_each_number_is_searched_once_and_where_it_is(
    low: int, high: int, border: int, uncovered: list[tuple[int, int]], found: list[tuple[int, int, str]]
) -> None:
    assert stretches(low, high, border, uncovered) == found


def test_what_is_of_another_time_is_not_looked_at_and_needs_no_archive(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    archived(url, depot)
    dropped(url, depot)
    asked = list[int]()

    def depots() -> list[Depot]:
        asked.append(1)
        return [depot]

    with closing(Vault(url, lambda: SIGNER.key, depots)) as vault, closing(index_reading(locate(url))) as index:
        december = Past(url, vault, index, since=moment("2026-12"))
        assert (december.away, asked, december.uncovered(0, 9_999)) == ((), [], [])
        assert december.accounts_for(3)
        whole = Past(url, vault, index, told=lambda done, of: asked.append(of))
        assert whole.uncovered(0, 9_999) == [(1, 257), (257, 513)]
        assert not whole.accounts_for(3)
        assert (whole.nearest(0, newer=True), whole.nearest(600, newer=False), whole.nearest(600, newer=True)) == (
            1,
            512,
            None,
        )
        leaves = list(whole.leaves(200, 300))
        assert [each[0] for each in leaves] == list(range(200, 300))
        assert list(whole.leaves(200, 300, oldest_first=False)) == leaves[::-1]
        assert whole.leaves_of([299, 200, 9_999]) == [leaves[0], leaves[-1]]
        assert asked[-1] == 200
        for past in (december, whole):
            past.close()
