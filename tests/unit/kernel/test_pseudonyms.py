"""Pseudonyms: the same for one person under one key, never the FIN, and found again after the key has changed."""

import hashlib
import hmac

import pytest

from esb.kernel.pseudonyms import Pseudonyms

OLD, NEW = b"\1" * 32, b"\2" * 32


def test_it_is_hmac_sha_256_cut_to_128_bits() -> None:
    wanted = hmac.new(OLD, b"FIN\x005ABC123", hashlib.sha256).hexdigest()[:32]
    assert Pseudonyms([OLD]).of("5ABC123") == wanted


def test_a_person_is_looked_for_under_every_key() -> None:
    both = Pseudonyms([OLD, NEW])
    assert both.every("5ABC123") == (Pseudonyms([NEW]).of("5ABC123"), Pseudonyms([OLD]).of("5ABC123"))
    assert both.of("5ABC123") == both.every("5ABC123")[0]
    assert both.of("5ABC123") != both.of("5ABC124")


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"\1" * 31]])
def test_what_is_no_key(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Pseudonyms(keys)


def test_no_key_is_shown() -> None:
    assert repr(Pseudonyms([OLD])) == "Pseudonyms(1 keys)"
