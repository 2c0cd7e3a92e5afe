"""The exchanges that were kept, verified whole: by libxmlsec, and against the evidence log record by record."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.bench.month.asking import Kept
from esb.demo.opinion import Receipt, check_answer
from esb.demo.signing import OpinionError
from esb.kernel.xml import XmlLimits, parse_message


@dataclass(frozen=True, slots=True)
class Verified:
    """How many exchanges were verified, and what is wrong with those that did not hold, a sentence each."""

    count: int
    problems: tuple[str, ...]


def verify_kept(kept: Iterable[Kept], bus_certificate: bytes, log: str) -> Verified:
    """Verify each kept exchange.

    An answer's signature must hold by the bus's certificate and cover Body, Timestamp and Receipt; the receipt must
    name the digest of the request that was sent; and the log must hold exactly the two records that it names, of this
    consumer, service and message, the answer's with the very leaf.

    Args:
        bus_certificate: PEM.
        log: the evidence log's URL.
    """
    problems = []
    count = 0
    reader = EvidenceReader(log)
    try:
        for exchange in kept:
            count += 1
            try:
                receipt = check_answer(parse_message(exchange.answer, XmlLimits()), bus_certificate, exchange.sent)
            except OpinionError as error:
                problems.append(f"{exchange.asking.service.id}: an answer does not hold: {error}")
                continue
            wrong = _disagreement(exchange, receipt, reader)
            if wrong:
                problems.append(f"{exchange.asking.service.id}: exchange {receipt.exchange}: {wrong}")
    finally:
        reader.close()
    return Verified(count, tuple(problems))


def _disagreement(kept: Kept, receipt: Receipt, reader: EvidenceReader) -> str:
    records = reader.show(receipt.exchange)
    if [each.entry.kind for each in records] != [Kind.REQUEST, Kind.ANSWER]:
        return f"the log holds {len(records)} records that are not a request and its answer"
    request, answer = records
    if (request.entry.record, answer.entry.record) != (receipt.request_record, receipt.answer_record):
        return "the receipt names other records than the log holds"
    if answer.leaf_hash.hex() != receipt.answer_leaf:
        return "the log's record of the answer is not the one that the receipt cites"
    if request.entry.message_sha256 != hashlib.sha256(kept.sent).hexdigest():
        return "the log's request is not the message that was sent"
    for each in records:
        if (each.entry.consumer, each.entry.service) != (kept.asking.consumer, kept.asking.service.id.text):
            return "the log names another consumer or service"
    return ""
