"""Which numbers the log's records have at which indices of its tree: read many spans at a time, put together in runs.

The sequencer makes a span or more with each of its rounds, so that a log that gets a record a second has as many spans
as records.  Whoever walks over it must not ask once for each.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from esb.audit.reading import Reading
from esb.audit.tree import Span, TreeDamaged

_PAGE: Final = 1_000


def spans_between(tree: Reading, start: int, end: int) -> Iterator[Span]:
    """Where the records from index ``start`` on and before ``end`` stand in the log, in the order of their indices.

    Raises (when drawn):
        TreeDamaged: the tree does not say it of one of them.
        StoreUnavailable: the tree cannot be read now.
    """
    reached = int(tree.rows("SELECT max(first) FROM span WHERE first <= ?", (start,))[0][0] or 0)
    while reached < end:
        following = reached
        for index, record, count in tree.rows(
            "SELECT first, record, count FROM span WHERE first >= ? AND first < ? ORDER BY first LIMIT ?",
            (following, end, _PAGE),
        ):
            if index == reached and count > 0:
                low, high = max(index, start), min(index + count, end)
                if low < high:
                    yield Span(low, record + low - index, high - low)
                reached = index + count
        if reached == following:
            raise TreeDamaged(f"the log's tree does not say which record stands at index {reached}")


def runs(spans: Iterable[Span], most: int) -> Iterator[list[Span]]:
    """Put spans together, and cut long ones, so that the numbers of each run lie within ``most`` of one another."""
    run: list[Span] = []
    for span in spans:
        for at in range(0, span.count, most):
            piece = Span(span.index + at, span.record + at, min(most, span.count - at))
            if run and not (run[-1].record + run[-1].count <= piece.record <= run[0].record + most - piece.count):
                yield run
                run = []
            run.append(piece)
    if run:
        yield run


def gaps(tree: Reading, mark: int) -> Iterator[tuple[int, int]]:
    """Ranges of numbers, up to ``mark`` and each up to before its second, that no record of the tree has.

    There are some in a good log: a number that was given to a duplicate is used up.
    """
    after, last = 1, -1
    while rows := tree.rows(
        "SELECT first, record, count FROM span WHERE first > ? ORDER BY first LIMIT ?", (last, _PAGE)
    ):
        for _, record, count in rows:
            if record > after:
                yield after, record
            after = record + count
        last = rows[-1][0]
    if after <= mark:
        yield after, mark + 1
