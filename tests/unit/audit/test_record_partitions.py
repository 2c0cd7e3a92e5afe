"""Records in months: made ahead, strays taken in, a border crossed by many, an earlier log brought up as it is."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest
from support.archives import SIGNER, a_request, counts, fill, moment
from support.earlier import second_schema
from support.records import a_record

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.record import WRITTEN, Duplicate, NotWritten, Outcome
from esb.audit.record_partitions import border, make_months
from esb.audit.store import open_store, open_tree
from esb.audit.walk import walk
from esb.kernel.ids import uuid7

DECEMBER = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture
def url(fresh_postgres_dsn: str) -> str:
    return fresh_postgres_dsn


def test_a_border_is_where_names_of_a_month_begin() -> None:
    before, after = (
        f"{uuid7(DECEMBER / 1_000_000 + by, bytes([fill]) * 10)}-q" for by, fill in ((-0.001, 255), (0, 0))
    )
    assert before < border(DECEMBER) < after
    assert border(DECEMBER) < "change-1-9f86d081884c7d65-c"


def test_months_are_made_ahead_and_take_in_what_came_before_them(url: str, asked: psycopg.Connection) -> None:
    fill(url, {"2031-10": 5})
    assert counts(asked) == {"record_2031_10": 5, "record_rest": 1}  # the change of the registry
    store = open_store(url)
    assert (
        store.write([a_request(moment(month), month) for month in ("2031-11", "2031-12", "2032-01")]) == [WRITTEN] * 3
    )
    assert counts(asked) == {"record_2031_10": 5, "record_2031_11": 1, "record_rest": 3}
    tree = open_tree(url)
    tree.publish(SIGNER.checkpoint)  # whoever sequences sees to it
    tree.close()
    assert counts(asked) == {"record_2031_10": 5, "record_2031_11": 1, "record_2032_01": 1, "record_rest": 2}
    assert make_months(asked, 2**62), "no month of any calendar: nothing is made, and nobody stumbles"
    store.close()


def test_a_month_that_cannot_be_made_now_is_made_later(url: str, asked: psycopg.Connection) -> None:
    fill(url, {"2031-10": 5})
    with psycopg.connect(url) as other:
        other.execute("SELECT count(*) FROM evidence.record")  # and its transaction goes on
        assert not make_months(asked, moment("2032-05"))
    assert make_months(asked, moment("2032-05"))


def test_numbers_go_on_in_one_order_over_months(url: str) -> None:
    store = open_store(url)
    records = [a_request(moment(month), str(at)) for at, month in enumerate(["2031-11", "2031-09", "2031-10"] * 2)]
    store.write(records)
    store.close()
    reader = EvidenceReader(url)
    assert [line.entry for line in reader.recent()][::-1] == [record.entry for record in records]
    reader.close()


def test_a_message_id_is_used_once_whatever_month_it_is(url: str) -> None:
    """The first record in one month, what comes again in the next one, in whichever partition either stands."""
    fill(url, {"2031-11": 3})
    store = open_store(url)
    last, first = moment("2031-12") - 200_000_000_000, moment("2031-12") - 172_900_000_000
    before, asked = a_request(last, "one"), a_request(first, "two")
    assert store.write([before, asked]) == [WRITTEN, WRITTEN]
    again, new = a_request(moment("2031-12"), "one"), a_request(moment("2031-12"), "three")
    known = Duplicate(before.entry.exchange, before.entry.message_sha256)
    assert store.write([again, new, a_request(moment("2031-12") + 1_000, "three")]) == [
        known,
        WRITTEN,
        Duplicate(new.entry.exchange, new.entry.message_sha256),
    ]
    assert store.write([asked, again]) == [WRITTEN, known]
    store.close()


def test_a_name_that_another_record_has_leaves_no_message_id_behind(url: str, asked: psycopg.Connection) -> None:
    store = open_store(url)
    first, neighbour = a_record(replay_key=b"k" * 32), a_record(replay_key=b"n" * 32)
    store.write([first])
    other = a_record(first.entry.exchange, consumer="another", replay_key=b"o" * 32)
    assert store.write([other, neighbour]) == [NotWritten("another record has this record's name"), WRITTEN]
    assert store.write([other]) == [NotWritten("another record has this record's name")]
    late = a_record(replay_key=b"o" * 32)
    assert store.write([late]) == [WRITTEN], "the id was not used"
    keys = asked.execute("SELECT convert_from(substr(replay_key, 1, 1), 'UTF8') FROM replay ORDER BY 1").fetchall()
    assert [key for (key,) in keys] == ["k", "n", "o"]
    asked.execute("DELETE FROM replay")  # as after some days
    assert store.write([first, late]) == [WRITTEN, WRITTEN], "a record that is there is found by its name"
    assert asked.execute("SELECT count(*) FROM replay").fetchone() == (0,)
    store.close()


def test_many_writers_cross_a_border_while_months_are_made(url: str) -> None:
    store = open_store(url)
    store.write([a_request(moment("2031-11"), "first")])
    tree, ended = open_tree(url), threading.Event()
    outcomes: list[list[Outcome]] = []

    def write(which: int) -> None:
        own = open_store(url)
        for at in range(30):
            # The same ids from each of them, in each month, on its either side.
            batch = [a_request(DECEMBER + (each - 4) * 1_000_000 + which * 1_000, f"{at} {each}") for each in range(8)]
            outcomes.append(own.write(batch))
        own.close()

    def sequence() -> None:
        while not ended.is_set():
            tree.add()
            tree.publish(SIGNER.checkpoint)

    threads = [threading.Thread(target=write, args=(which,)) for which in range(3)]
    sequencer = threading.Thread(target=sequence)
    for thread in (*threads, sequencer):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    sequencer.join()
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    tree.close()
    flat = [outcome for some in outcomes for outcome in some]
    assert (flat.count(WRITTEN), sum(isinstance(one, Duplicate) for one in flat)) == (240, 480)
    report = walk(url, SIGNER.key)
    assert (report.findings, report.size) == ([], 241)
    store.close()


def test_an_earlier_log_is_brought_up_as_it_is(url: str, asked: psycopg.Connection) -> None:
    fill(url, {"2023-10": 300, "2023-11": 40})
    second_schema(url)
    rows = asked.execute("SELECT * FROM record ORDER BY id").fetchall()
    (file,) = asked.execute("SELECT pg_relation_filenode('record')").fetchall()[0]
    reader = EvidenceReader(url)
    assert reader.last_number() == 342  # who comes first brings it up
    assert asked.execute("SELECT * FROM record ORDER BY id").fetchall() == rows
    assert counts(asked) == {"record_first": 340, "record_rest": 2}
    assert asked.execute("SELECT pg_relation_filenode('record_first')").fetchone() == (file,), "nothing was copied"
    store = open_store(url)
    (again,) = store.write([a_request(moment("2023-11") + 1_000, "2023-11 7")])
    assert isinstance(again, Duplicate), "what was used is remembered"
    old = moment("2023-10")
    new, changed = a_request(moment("2023-12"), "new"), a_record("change-9-9f86d081884c7d65", Kind.CHANGE, at=old)
    assert store.write([new, changed]) == [WRITTEN, WRITTEN]
    assert counts(asked) == {"record_first": 340, "record_2023_12": 1, "record_rest": 3}
    tree = open_tree(url)
    tree.add()
    tree.publish(SIGNER.checkpoint)
    tree.close()
    assert walk(url, SIGNER.key).findings == []
    store.close()
    reader.close()


def test_a_program_from_before_writes_no_more(url: str, asked: psycopg.Connection) -> None:
    """It would remember no message id; that it is still connected is not enough."""
    open_store(url).idle()
    with pytest.raises(psycopg.errors.NotNullViolation):
        asked.execute(
            "INSERT INTO record (record, kind, at, consumer, service, outcome, leaf) "
            "VALUES ('0-q', 'request', 1, '', '', '', '') ON CONFLICT DO NOTHING"
        )


def test_records_are_found_by_their_numbers_in_whichever_month_they_are(url: str) -> None:
    """Also those that began long before the first that is asked for, or long after the last, and changes."""
    store = open_store(url)
    store.write([a_request(moment(month), month) for month in ("2031-10", "2031-11", "2031-12")])
    months = ["2031-11", *["2031-10", "2031-11", "2031-12", "2032-01"] * 6, "2031-11"]
    records = [a_request(moment(month) + 1_000 * at, str(at)) for at, month in enumerate(months)]
    store.write([*records[:9], a_record("change-1-9f86d081884c7d65", Kind.CHANGE), *records[9:]])
    store.close()
    reader = EvidenceReader(url)
    last = reader.last_number()
    wanted = list(range(last - 26, last + 1))
    for numbers in (wanted, wanted[::-1], [*wanted, last + 5], wanted[:9] + wanted[10:]):
        assert [one[0] for one in reader.leaves_of(numbers)] == sorted(set(numbers) - {last + 5})
    reader.close()
