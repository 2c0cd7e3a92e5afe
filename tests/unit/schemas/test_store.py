"""Kept judges: bounded, given up in the order of use, compiled once however many ask."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from esb.kernel.xml import SchemaInvalid
from esb.schemas.store import JudgeStore


@pytest.fixture
def good(contract, schema):
    return contract({"a.xsd": schema('<xs:element name="q"/>')})


def test_get_never_compiles(good):
    store = JudgeStore()
    assert store.get("1") is None
    judge = store.load("1", good)
    assert store.get("1") is judge
    assert store.load("1", good) is judge


def test_the_longest_unused_is_given_up(good):
    store = JudgeStore(most=2)
    first = store.load("1", good)
    store.load("2", good)
    assert store.get("1") is first
    store.load("3", good)
    assert store.get("2") is None
    assert store.get("1") is first


def test_a_contract_that_does_not_compile_is_not_kept(contract, schema, good):
    store = JudgeStore()
    with pytest.raises(SchemaInvalid):
        store.load("1", contract({"a.xsd": schema('<xs:element name="q" type="a:Gone"/>')}))
    assert store.get("1") is None
    assert store.load("1", good) is store.get("1")


def test_many_at_once_get_the_same_judge(good):
    store = JudgeStore()
    start = threading.Barrier(4)

    def ask(_: int):
        start.wait()
        return store.load("1", good)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(map(id, pool.map(ask, range(4))))) == 1


def test_a_store_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        JudgeStore(most=0)
