"""Leases; what databases have to do with it is in tests/contract/test_notices.py."""

from sqlalchemy import Engine

from esb.registry.leases import give_lease_back, holder_of, take_lease


def test_only_its_holder_gives_a_lease_back(engine: Engine) -> None:
    assert take_lease(engine, "errands", "a", 100.0, 5.0)
    give_lease_back(engine, "errands", "b", 100.0)
    assert not take_lease(engine, "errands", "b", 101.0, 5.0)
    give_lease_back(engine, "errands", "a", 101.0)
    assert take_lease(engine, "errands", "b", 101.0, 5.0)


def test_who_had_it_last_is_known_after_it_ran_out(engine: Engine) -> None:
    assert holder_of(engine, "errands") is None
    assert take_lease(engine, "errands", "a", 100.0, 5.0)
    assert holder_of(engine, "errands") == "a"
