"""The body of an add-checkpoint request: the specification's own example, and what is not one."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.audit.witness_request import AddCheckpoint, RequestInvalid, read_request, read_size, signature_lines

NOTE = (
    b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xe2\x80\x94 x AAAAAAA=\n"
)
HASHES = ("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=")


def test_the_form_that_the_specification_shows() -> None:
    body = "\n".join(["old 20852014", *HASHES, "", ""]).encode() + NOTE
    read = read_request(body)
    assert (read.old, [base64.b64encode(each).decode() for each in read.proof], read.note) == (
        20852014,
        list(HASHES),
        NOTE,
    )
    assert read.octets() == body
    assert read_request(b"old 0\n\n" + NOTE) == AddCheckpoint(0, (), NOTE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        NOTE,
        b"old 0\n\n",
        b"old 01\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old 1 \n\n" + NOTE,
        b"new 1\n\n" + NOTE,
        b"old 1\nAAAA\n\n" + NOTE,
        b"old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\n" + NOTE,
        b"old 1\n" + b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 64 + b"\n" + NOTE,
        b"old 0\n\n" + bytes(90_000),
        b"old \xc3\xa9\n\n" + NOTE,
    ],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_request(body)


@given(st.integers(0, 2**62), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(min_size=1))
def test_what_is_written_is_read_again(old: int, proof: list[bytes], note: bytes) -> None:
    request = AddCheckpoint(old, tuple(proof), note)
    assert read_request(request.octets()) == request


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_more(noise: bytes) -> None:
    for body in (noise, b"old 1\n" + noise):
        with suppress(RequestInvalid):
            assert read_request(body).octets() == body


def test_what_a_conflict_says() -> None:
    assert read_size(b"20852014\n") == 20852014
    assert [read_size(body) for body in (b"", b"12", b"012\n", b"-1\n", b"12\n\n", b"9" * 40 + b"\n")] == [None] * 6
    assert list(signature_lines(b"a\nb\n")) == ["a", "b"]
