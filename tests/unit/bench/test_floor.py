"""The floor does the whole work: what it sends on verifies, two records are kept, and what is wrong stops it."""

import sqlite3
import time
from functools import cache
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from support.client import Reply, verify_with_xmlsec

from esb.bench.floor import Floor
from esb.bench.provider import plain_envelope
from esb.bench.records import open_journal
from esb.bench.rows import content, delivered
from esb.bench.signing import Party, Style, Template
from esb.certs.ca import create_authority
from esb.certs.keys import FileKey


@cache
def party(code: str, kind: str) -> Party:
    key, certificate = create_authority(code, kind, time.time(), 30)
    return Party(code, FileKey(key), certificate)


def question(kind: str, style: Style) -> bytes:
    return Template(party("EESMN", kind), content("Ask", 500, style), style=style).message("q", time.time())


def answer(kind: str, style: Style) -> bytes:
    return Template(party("DIN", kind), content("Answer", 900, style), style=style).message("a", time.time())


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("kinds", [("p256", "p256"), ("rsa2048", "p256"), ("rsa2048", "rsa2048")])
def test_what_leaves_is_signed_and_both_records_are_durable(
    kinds: tuple[str, str], style: Style, tmp_path: Path
) -> None:
    agencies, own = kinds
    bus = party("bus", own)
    asked, answered = question(agencies, style), answer(agencies, style)
    with open_journal(tmp_path / "x.db", None) as journal:
        floor = Floor((party("EESMN", agencies), party("DIN", agencies)), bus, answered, journal, 8)
        sent = [floor.exchange(asked) for _ in range(3)]
        floor.commit()
    for envelope in sent:
        assert verify_with_xmlsec(Reply(200, {}, envelope), bus.certificate) == {"Body", "Timestamp", "Receipt"}
        assert delivered("Answer", 900, style) in envelope
    with sqlite3.connect(tmp_path / "x.db") as connection:
        rows = connection.execute("SELECT message, sent FROM body ORDER BY id").fetchall()
    assert rows == [row for envelope in sent for row in ((asked, b""), (answered, envelope))]


def test_records_are_committed_in_groups(tmp_path: Path) -> None:
    with open_journal(tmp_path / "x.db", None) as journal, sqlite3.connect(tmp_path / "x.db") as other:
        parties = (party("EESMN", "p256"), party("DIN", "p256"))
        floor = Floor(parties, party("bus", "p256"), answer("p256", Style.CANONICAL), journal, 2)
        counts = []
        for _ in range(4):
            floor.exchange(question("p256", Style.CANONICAL))
            counts += other.execute("SELECT count(*) FROM record").fetchone()
    assert counts == [0, 4, 4, 8]


def test_an_unsigned_answer_is_taken_as_it_is(tmp_path: Path) -> None:
    with open_journal(tmp_path / "x.db", None) as journal:
        floor = Floor((party("EESMN", "p256"),), party("bus", "p256"), plain_envelope(900, Style.CANONICAL), journal, 8)
        assert content("Answer", 900) in floor.exchange(question("p256", Style.CANONICAL))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [(b"5ABC001", b"5ABC009", ValueError), (b"DigestValue>", b"DigestValue>A", ValueError),
     (b"urn:bench", b"urn:other", ValueError)],
)  # fmt: skip
def test_what_was_changed_is_found(old: bytes, new: bytes, error: type[Exception], tmp_path: Path) -> None:
    with open_journal(tmp_path / "x.db", None) as journal:
        parties = (party("EESMN", "p256"), party("DIN", "p256"))
        floor = Floor(parties, party("bus", "p256"), answer("p256", Style.CANONICAL), journal, 8)
        with pytest.raises(error):
            floor.exchange(question("p256", Style.CANONICAL).replace(old, new, 1))


def test_a_signature_of_another_key_is_found(tmp_path: Path) -> None:
    stranger = party("stranger", "p256")
    forged = Template(Party("EESMN", stranger.key, party("EESMN", "p256").certificate), content("Ask", 500)).message(
        "q", time.time()
    )
    with open_journal(tmp_path / "x.db", None) as journal:
        parties = (party("EESMN", "p256"), party("DIN", "p256"))
        floor = Floor(parties, party("bus", "p256"), answer("p256", Style.CANONICAL), journal, 8)
        with pytest.raises(InvalidSignature):
            floor.exchange(forged)
