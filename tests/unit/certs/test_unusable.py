"""The three ways in which a key fails are told apart."""

from esb.certs.unusable import KeyMissing, KeyUnusable, WrongPassphrase


def test_who_catches_the_general_one_catches_all() -> None:
    assert issubclass(KeyMissing, KeyUnusable)
    assert issubclass(WrongPassphrase, KeyUnusable)
    assert not issubclass(WrongPassphrase, KeyMissing)
