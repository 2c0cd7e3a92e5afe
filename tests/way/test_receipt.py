"""The receipt binds an answer to its request and to both records."""

import base64
import hashlib
from datetime import datetime

from support.client import NS
from support.handmade import canonical, unsigned
from support.place import Place
from support.way import Asker, expect_person

from esb.kernel.soap import SoapVersion


def test_it_says_what_was_asked_and_what_is_on_record(asker: Asker, place: Place, version: SoapVersion) -> None:
    before = place.clock.now()
    exchange = asker.ask(version=version)
    reply = expect_person(exchange)
    digest = base64.b64decode(reply.text("//exch:Receipt/exch:requestDigest"))
    assert digest == hashlib.sha256(exchange.sent).digest()
    request, answer = place.records(reply.exchange)
    leaves = [base64.b64decode(one.text) for one in reply.root.iterfind(".//exch:Receipt//exch:leaf", NS)]
    assert leaves == [request.leaf_hash, answer.leaf_hash]
    times = [reply.text(f"//exch:Receipt/exch:{name}") for name in ("receivedAt", "answeredAt")]
    received, answered = (datetime.fromisoformat(text).timestamp() for text in times)
    assert before - 1 <= received <= answered <= place.clock.now() + 1


def test_the_records_hold_what_was_sent_and_answered(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.ask(version=version)
    reply = expect_person(exchange)
    request, answer = exchange.records
    assert asker.bodies(request)[0] == exchange.sent
    assert asker.bodies(answer)[1] == reply.body
    body = canonical(reply.root[1])
    assert answer.entry.body_sha256 in {
        hashlib.sha256(body).hexdigest(),
        hashlib.sha256(canonical(reply.payload)).hexdigest(),
    }


def test_a_refusals_record_holds_the_message_and_the_fault(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.send(unsigned(version=version), version)
    (refusal,) = exchange.records
    assert asker.bodies(refusal) == (exchange.sent, exchange.reply.body)


def test_exchanges_are_told_apart(asker: Asker, version: SoapVersion) -> None:
    names = {asker.ask(version=version).reply.exchange for _ in range(5)}
    assert len(names) == 5
