"""A name that tells keys apart and nothing of them."""

from esb.certs.key_name import KNOWN, name_of


def test_names_differ_and_stay_what_they_are() -> None:
    assert name_of(KNOWN) == "d65ab029f3dd563e"
    assert name_of(b"x") != name_of(b"y")
