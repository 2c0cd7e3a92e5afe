"""That a hosted key is missed with the command that makes one; the rest is in tests/contract/test_registry_keys.py."""

from pathlib import Path

import pytest

from esb.registry.database import open_database, reading
from esb.registry.errors import NotFound
from esb.registry.hosted_keys import hosted_key_of, hosted_keys
from esb.registry.migrations import upgrade


def test_no_key_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(engine)
    with reading(engine) as session:
        assert hosted_keys(session) == []
        with pytest.raises(NotFound, match="esb member hosted-key DIN"):
            hosted_key_of(session, "DIN")
    engine.dispose()
