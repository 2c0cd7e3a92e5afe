"""What the tables about keys never hold."""

import pytest
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import IntegrityError

from esb.registry.key_models import RevocationDataRow
from esb.registry.schema import Base

GOOD = {
    "sha256": "0" * 64,
    "kind": "ocsp",
    "subject": "1" * 64,
    "data": b"x",
    "status": "good",
    "valid_from": 1.0,
    "valid_until": 2.0,
    "kept_at": 1.0,
}


@pytest.mark.parametrize(
    "wrong", [{"kind": "hearsay"}, {"status": "unknown"}, {"kind": "crl"}, {"status": None}, {"sha256": "0"}]
)
def test_data_that_speak_for_nothing_are_refused(wrong: dict[str, object]) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(RevocationDataRow).values(**GOOD))
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(RevocationDataRow).values(**{**GOOD, "sha256": "2" * 64, **wrong}))
