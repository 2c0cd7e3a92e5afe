"""Evidence before the act: when the provider is asked, the request stands in the log already."""

from support.place import Place
from support.provider import Delivered, Given, persons
from support.way import Asker, expect_person

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader, Recorded
from esb.kernel.soap import SoapVersion


def test_the_record_is_there_before_the_provider_is_called(asker: Asker, place: Place, version: SoapVersion) -> None:
    seen: list[list[Recorded]] = []

    def look(request: Delivered) -> Given:
        # Another connection's view: what it sees is committed.
        seen.append(EvidenceReader(place.settings.evidence.url).recent(1))
        return persons(request)

    place.provider.answer = look
    exchange = asker.ask(version=version)
    expect_person(exchange)
    (newest,) = seen[0]
    assert newest.entry.exchange == exchange.reply.exchange
    assert newest.entry.kind is Kind.REQUEST
    assert newest.leaf_hash == exchange.records[0].leaf_hash
