"""Everything that proves an exchange is found, and what is not there is named."""

import pytest
from support.packages import Packages

from esb.admin.evidence.gather import Gathered, Messages, NothingToExport, gather
from esb.audit.log import EvidenceReader
from esb.audit.store import open_store
from esb.audit.tree_reader import TreeReader


def gathered(packages: Packages, ident: str) -> Gathered:
    waited: list[float] = []
    return gather(packages.sources, ident, kept(packages), packages.signer.chain[0], 1_790_000_000.0, waited.append)


def kept(packages: Packages, note: str = "") -> Messages:
    """What gives the messages, without an act."""

    def messages(exchange: str) -> dict[str, tuple[bytes, bytes, str]]:
        log = EvidenceReader(packages.sources.log, packages.sources.masters)
        found = {each.entry.record: log.bodies(each.entry.record) for each in log.show(exchange)}
        log.close()
        return {record: (*(bodies or (b"", b"")), note) for record, bodies in found.items()}

    return messages


def test_all_of_an_answered_exchange_is_there(packages: Packages) -> None:
    found = gathered(packages, packages.exchanges["answered"].reply.exchange)
    assert found.facts.missing == {}
    assert list(found.entries) == ["request", "answer"]
    assert found.files["messages/request.xml"] == packages.exchanges["answered"].sent
    assert found.files["messages/answer.xml"] == packages.exchanges["answered"].reply.body
    assert {f"certificates/{part}.cer" for part in ("consumer", "provider", "bus", "authority-1")} <= found.files.keys()
    kinds = {name.split("-")[0] for name in found.files if name.startswith("registry/")}
    assert kinds == {"registry/change"}
    assert found.facts.registry["grant"]["purpose"] == "Assessment of a benefit"
    assert {each.source for each in found.facts.revocation} == {"kept"}


def test_what_is_missing_is_named_with_the_reason(packages: Packages) -> None:
    found = gathered(packages, packages.exchanges["unsigned"].records[0].entry.record)
    assert set(found.facts.missing) == {"messages/provider-answer.xml"}
    assert "certificates/provider.cer" not in found.files


def test_what_is_kept_without_its_body_proves_nothing_and_is_left_out(packages: Packages) -> None:
    exchange = packages.exchanges["answered"].reply.exchange
    found = gather(
        packages.sources, exchange, kept(packages, "without Bodies"), packages.signer.chain[0], 1.0, lambda _: None
    )
    assert not [name for name in found.files if name.startswith("messages/")]
    assert found.facts.missing["messages/request.xml"] == "without Bodies"


def test_what_is_not_on_record_cannot_be_exported(packages: Packages) -> None:
    with pytest.raises(NothingToExport, match="esb log search"):
        gathered(packages, "0197a3c4")


def test_a_record_that_no_tree_has_yet_is_waited_for_and_then_told(packages: Packages) -> None:
    from support.records import a_record

    late = a_record("0197-late")
    store = open_store(packages.sources.log)
    store.write([late])
    store.close()
    waited: list[float] = []
    with pytest.raises(NothingToExport, match="within 10 seconds"):
        gather(packages.sources, "0197-late", kept(packages), packages.signer.chain[0], 1.0, waited.append)
    assert 10 < sum(waited) < 15
    tree = TreeReader(packages.sources.log)
    assert tree.index_of(late.entry.record) is None
    tree.close()
