"""The provider answers what the path says, signed afresh, and takes requests however they arrive."""

import time
from pathlib import Path

import pytest
from support.client import Reply, verify_with_xmlsec

from esb.bench.place import write_self_signed
from esb.bench.provider import Answering, Answers, path, read_party
from esb.bench.rows import content
from esb.bench.signing import Party, Style


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Party:
    folder = tmp_path_factory.mktemp("provider")
    write_self_signed(folder, "provider", "p256")
    return read_party(folder, "provider")


def body(answer: bytes) -> bytes:
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(rest) in head
    return rest


@pytest.mark.parametrize("style", Style)
def test_what_the_path_says(party: Party, style: Style) -> None:
    answers = Answers(party)
    signed = body(answers.at(path(3_000, style, signed=True)))
    assert verify_with_xmlsec(Reply(200, {}, signed), party.certificate) == {"Body", "Timestamp"}
    plain = body(answers.at(path(3_000, style, signed=False)))
    assert b"Signature" not in plain
    assert content("Answer", 3_000, style) in plain
    assert content("Answer", 3_000, style) in signed


def test_an_unknown_path_is_told(party: Party) -> None:
    assert Answers(party).at("/elsewhere").startswith(b"HTTP/1.1 404 ")


def test_an_answer_is_signed_again_before_the_bus_would_find_it_old(party: Party) -> None:
    now = [time.time()]
    answers = Answers(party, lambda: now[0])
    place = path(100, Style.CANONICAL, signed=True)
    first = answers.at(place)
    now[0] += 59
    assert answers.at(place) == first
    now[0] += 2
    assert answers.at(place) != first


class Wire:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


@pytest.mark.parametrize("step", [1, 7, 1_000_000])
def test_requests_in_pieces_and_one_after_another(party: Party, step: int) -> None:
    answering = Answering(Answers(party))
    answering._transport = wire = Wire()  # type: ignore[assignment]
    request = b"POST /100/canonical/plain HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde"
    octets = request * 3
    for at in range(0, len(octets), step):
        answering.data_received(octets[at : at + step])
    assert len(wire.written) == 3
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in wire.written)


def test_a_party_is_read_from_its_folder(tmp_path: Path) -> None:
    write_self_signed(tmp_path, "somebody", "rsa2048")
    assert read_party(tmp_path, "somebody").code == "somebody"
