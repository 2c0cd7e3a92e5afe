"""The log is counted from its records, in SQLite and in PostgreSQL alike."""

from collections.abc import Callable
from pathlib import Path

import pytest

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Record, StoreUnavailable
from esb.audit.store import open_store
from esb.bench.month.evidence import Evidence, count_evidence, size_of
from esb.bench.month.tally import Count, Tally

A, B = "DIN/EXIDMET/A/v1", "VN/EXIDMET/B/v1"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    found: str = request.getfixturevalue("fresh_postgres_dsn")
    return found


@pytest.fixture
def write(url: str) -> Callable[..., None]:
    """Write a record for each (exchange, kind, service, consumer, outcome)."""

    def record(exchange: str, kind: Kind, service: str, consumer: str, outcome: str) -> Record:
        entry = Entry(
            record=record_id(exchange, kind), exchange=exchange, kind=kind, at=1, consumer=consumer, client=consumer,
            service=service, operation="Ask", message_id="", grant=1, purpose="", legal_basis="", case_number="",
            officer="", on_behalf_of="", outcome=outcome, rule="", reason="", stage="", certificate="", signature="",
            message_sha256="", body_sha256="", request_leaf="", duration_us=None, provider_us=None, peer="",
        )  # fmt: skip
        return Record(entry, leaf_bytes(entry), b"message" * 100, b"sent" * 200, None)

    def write(*rows: tuple[str, Kind, str, str, str]) -> None:
        store = open_store(url)
        store.write([record(*row) for row in rows])
        store.close()

    return write


def counts(**exchanges: list[str]) -> dict[str, Count]:
    tally = Tally()
    for name, ids in exchanges.items():
        for exchange in ids:
            tally.add({"a": A, "b": B}[name], exchange.encode())
    return tally.counts()


def test_every_record_is_counted_as_what_it_is(url: str, write: Callable[..., None]) -> None:
    write(
        ("x1", Kind.REQUEST, A, "EHP", "accepted"),
        ("x1", Kind.ANSWER, A, "EHP", "answered"),
        ("x2", Kind.REQUEST, A, "VN", "accepted"),
        ("x2", Kind.ANSWER, A, "VN", "answered"),
        ("x3", Kind.REQUEST, B, "EHP", "accepted"),
        ("x3", Kind.ANSWER, B, "EHP", "provider-fault"),
        ("x4", Kind.REQUEST, B, "EHP", "accepted"),
        ("x4", Kind.REFUSAL, B, "EHP", "ProviderTimeout"),
        ("x5", Kind.REFUSAL, B, "", "SignatureInvalid"),
    )
    assert count_evidence(url) == Evidence(
        requests=counts(a=["x1", "x2"], b=["x3", "x4"]),
        answers=counts(a=["x1", "x2"]),
        by_pair={(A, "EHP"): 1, (A, "VN"): 1},
        others={"provider-fault": 1, "ProviderTimeout": 1, "SignatureInvalid": 1},
    )


def test_an_empty_log_counts_nothing(url: str) -> None:
    store = open_store(url)
    store.idle()
    store.close()
    assert count_evidence(url) == Evidence({}, {}, {}, {})


def test_more_than_is_fetched_at_once(url: str, write: Callable[..., None]) -> None:
    for start in range(0, 12_000, 2_000):
        write(*((f"x{number}", Kind.REQUEST, A, "EHP", "accepted") for number in range(start, start + 2_000)))
    assert count_evidence(url).requests[A].number == 12_000
    assert size_of(url) > 12_000 * 1_500


def test_a_log_that_cannot_be_read_is_told_without_its_address(url: str) -> None:
    where = url + "-nowhere" if url.startswith("sqlite") else "postgresql://nobody:secret@127.0.0.1:1/nothing"
    with pytest.raises(StoreUnavailable) as caught:
        count_evidence(where)
    assert "secret" not in str(caught.value)
    assert "nowhere" not in str(caught.value)
