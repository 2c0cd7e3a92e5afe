"""What can go wrong on the outside of a DER element."""

import pytest

from esb.certs import der


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 70_000])
def test_what_is_encoded_is_decoded(size: int) -> None:
    assert der.decode(der.encode(der.OCTET_STRING, b"x" * size) + b"rest") == (der.OCTET_STRING, b"x" * size, b"rest")


@pytest.mark.parametrize(
    ("number", "octets"), [(0, "020100"), (127, "02017f"), (128, "02020080"), (65536, "0203010000")]
)
def test_an_integer_is_never_read_as_negative(number: int, octets: str) -> None:
    assert der.encode_integer(number).hex() == octets


@pytest.mark.parametrize(
    "octets", ["", "30", "3080", "3081", "308200", "308500000000ff", "300201", "1f8101", "3082ffff00"]
)
def test_what_is_cut_or_indefinite_is_refused(octets: str) -> None:
    with pytest.raises(ValueError):
        der.decode(bytes.fromhex(octets))
