"""Which list speaks for a moment: what was kept then, else one of the folder, and it is told which."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine
from support.rig import NOW, _authority, party

from esb.admin.evidence.lists import revocation_files
from esb.admin.kept_lists import kept_list
from esb.certs.ca import sign_crl
from esb.registry.database import open_database
from esb.registry.revocation import Kept, keep

DAY = 86_400.0
OWN = party("EESMN").certificate


def crl(number: int, now: float) -> x509.CertificateRevocationList:
    return sign_crl(*_authority(), (), number, now, 7)


@pytest.fixture
def engine(sqlite_database: str) -> Engine:
    return open_database(sqlite_database)


def test_what_was_kept_then_comes_first(engine: Engine, tmp_path: Path) -> None:
    first, second = crl(1, NOW), crl(2, NOW + DAY)
    for each, now in ((first, NOW), (second, NOW + DAY)):
        keep(engine, kept_list(each, each.public_bytes(Encoding.PEM)), now)
    (found,) = revocation_files(engine, tmp_path, OWN, NOW + DAY / 2)
    assert (found.kind, found.source) == ("crl", "kept")
    assert x509.load_der_x509_crl(found.data) == first


def test_an_answer_goes_as_it_came(engine: Engine, tmp_path: Path) -> None:
    from esb.admin.evidence.paths import fingerprint

    keep(engine, Kept("ocsp", fingerprint(OWN), b"answer", NOW - 5, NOW + 5, "good"), NOW - 5)
    (found,) = revocation_files(engine, tmp_path, OWN, NOW)
    assert (found.kind, found.data, found.source) == ("ocsp", b"answer", "kept")


def test_else_a_list_of_the_folder_that_speaks_for_the_moment(engine: Engine, tmp_path: Path) -> None:
    assert revocation_files(engine, tmp_path / "none", OWN, NOW) == []
    for number, now in ((1, NOW - 2 * DAY), (2, NOW - DAY), (3, NOW + DAY), (4, NOW + 2 * DAY)):
        (tmp_path / f"{number}.crl").write_bytes(crl(number, now).public_bytes(Encoding.PEM))
    (tmp_path / "README").write_text("no list")
    (found,) = revocation_files(engine, tmp_path, OWN, NOW)
    assert (found.source, _begun(found.data)) == ("list", NOW - DAY)
    (tmp_path / "1.crl").unlink()
    (tmp_path / "2.crl").unlink()
    (found,) = revocation_files(engine, tmp_path, OWN, NOW)
    assert (found.source, _begun(found.data)) == ("later", NOW + DAY)


def _begun(data: bytes) -> float:
    found = x509.load_der_x509_crl(data).last_update_utc
    assert found - datetime.fromtimestamp(0, UTC) > timedelta(0)
    return found.timestamp()
