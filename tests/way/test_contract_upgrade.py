"""A contract is upgraded, and later a version ends, under a running bus: consumers go on, and are told where to go."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.client import GET_PERSON
from support.place import CONTRACTS, PERSONS, Place
from support.way import Asker, expect_refusal, granted

from esb.admin.contract_versions import upgrade_service
from esb.kernel import rules
from esb.registry.database import open_database
from esb.registry.sunsets import cancel_sunset, set_sunset
from esb.wsdl.read import read_contract

LIMIT = 2.0
REMARK = '<xs:element name="remark" type="xs:string" minOccurs="0"/>'
DISTRICT = GET_PERSON.replace(b"</p:fin>", b"</p:fin><p:district>Nizami</p:district>")


@pytest.fixture(scope="module")
def polling(make_own: Callable[..., Place]) -> Iterator[Place]:
    """A bus that looks for changes as often as it does by default."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="1")
    with place.serve():
        yield place


def soon(place: Place, outcome: Callable[[], str], wanted: str) -> None:
    begin = place.clock.monotonic()
    while (found := outcome()) != wanted:
        assert place.clock.monotonic() - begin < LIMIT, f"{found} still, after {LIMIT} seconds"


def test_old_requests_go_on_and_new_ones_pass_soon(polling: Place, tmp_path: Path) -> None:
    asker = Asker(polling)
    assert DISTRICT != GET_PERSON
    assert asker.ask().reply.status == 200
    assert asker.ask(body=DISTRICT).reply.rule == "SCH-01"
    schema = (CONTRACTS / "person.xsd").read_text()
    wider = schema.replace(REMARK, f'<xs:element name="district" type="xs:string" minOccurs="0"/>{REMARK}')
    (tmp_path / "person.xsd").write_text(wider)
    (tmp_path / "person.wsdl").write_text((CONTRACTS / "person.wsdl").read_text())
    engine = open_database(polling.settings.registry.url)
    try:
        done = upgrade_service(
            engine,
            PERSONS,
            read_contract(tmp_path / "person.wsdl"),
            author="operator",
            now=polling.clock.now(),
            told=lambda _: None,
        )
    finally:
        engine.dispose()
    assert done.revision == 2

    def both() -> str:
        assert asker.ask().reply.status == 200  # a consumer of the old contract never notices
        return asker.ask(body=DISTRICT).reply.rule

    soon(polling, both, "")


def test_a_version_ends_and_names_its_successor(polling: Place) -> None:
    asker = Asker(polling)
    old, new = (granted(polling, f"DIN/IAMAS/Ending/{version}") for version in ("v1", "v2"))
    soon(polling, lambda: asker.ask(service=old).reply.rule + asker.ask(service=new).reply.rule, "")
    with polling.acting() as act:
        set_sunset(act, old, polling.clock.now() + 3600, new)
    polling.settle()
    assert asker.ask(service=old).reply.status == 200
    polling.clock.shift += 3601
    try:
        refused = asker.ask(service=old)
        expect_refusal(refused, rules.RTE_SUNSET, consumer="EESMN")
        assert new.text in refused.reply.fault_text
        assert asker.ask(service=new).reply.status == 200
    finally:
        polling.clock.shift -= 3601
    with polling.acting() as act:
        cancel_sunset(act, old)
    polling.settle()
    assert asker.ask(service=old).reply.status == 200
