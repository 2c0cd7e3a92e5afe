"""An extract is the same document whether its key lies in a file or in a device (SoftHSM)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from support import softhsm
from support.extracts import Keeper, verdict

from esb.certs.keys import load_key, make_key
from esb.registry.database import open_database

PASSPHRASE = b"gizli"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
@pytest.mark.parametrize("where", ["file", "device"])
def test_an_extract_verifies_wherever_its_key_lies(engine: Engine, where: str, kind: str) -> None:
    place = (
        softhsm.uri(softhsm.fresh_token(), "extracts")
        if where == "device"
        else softhsm.folder() / f"extracts-{kind}-{engine.dialect.name}.key"
    )
    make_key(place, kind, PASSPHRASE)
    key = load_key(place, PASSPHRASE)
    keeper = Keeper(engine)
    keeper.enter()
    made = keeper.make(keeper.authority.certify(key))
    assert (verdict(made.pdf, keeper.believed), verdict(made.xml, keeper.believed)) == ("verified", "verified")
