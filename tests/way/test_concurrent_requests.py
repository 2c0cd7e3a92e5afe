"""The same message many times at once: exactly one reaches the provider."""

import threading

from support.client import Consumer, Reply, post
from support.place import Place
from support.way import MEDIA, PERSONS, Asker, path_of

from esb.kernel.soap import SoapVersion


def test_one_of_many_passes(asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version)
    mark = asker.newest()
    begin, replies = threading.Barrier(8), list[Reply]()

    def send() -> None:
        begin.wait(10)
        replies.append(post(place.port, path_of(PERSONS), message, MEDIA[version]))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(reply.rule for reply in replies) == ["", *["TIM-04"] * 7]
    assert len(place.provider.journal) == 1
    kinds = sorted(one.entry.kind.value for one in asker.since(mark))
    assert kinds == ["answer", *["refusal"] * 7, "request"]


def test_many_different_ones_all_pass(asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    messages = [eesmn.sign(version=version) for _ in range(12)]
    mark, replies = asker.newest(), list[Reply]()
    threads = [
        threading.Thread(target=lambda one=one: replies.append(post(place.port, path_of(PERSONS), one, MEDIA[version])))
        for one in messages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [reply.status for reply in replies] == [200] * 12
    assert len({reply.exchange for reply in replies}) == 12
    assert len(asker.since(mark)) == 24
