"""Keys in a device that are refused, and what is told of those that are there."""

from functools import cache

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_named_curve_parameters
from support import softhsm

from esb.certs.token_key import list_token_keys, make_token_key, open_token_key
from esb.certs.token_module import module_of, token_of
from esb.certs.unusable import KeyUnusable


@cache
def _token() -> str:
    return softhsm.fresh_token()


def _generate(name: str, curve: str, **template: bool) -> None:
    """A key that another program made."""
    uri = softhsm.uri(_token(), name)
    token = token_of(module_of(uri).library, uri)
    try:
        session = token.open(rw=True, user_pin=softhsm.PIN)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        session = token.open(rw=True)
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    parameters.generate_keypair(
        mechanism=Mechanism.EC_KEY_PAIR_GEN,
        label=name,
        id=name.encode(),
        store=True,
        private_template={Attribute[key]: value for key, value in template.items()},
    )


def test_a_key_that_could_come_out_says_so() -> None:
    _generate("loose", "secp256r1", EXTRACTABLE=True, SENSITIVE=False)
    assert open_token_key(softhsm.uri(_token(), "loose"), b"").extractable


def test_a_key_on_another_curve_is_refused() -> None:
    _generate("odd", "secp521r1")
    with pytest.raises(KeyUnusable, match=r"curve that is not accepted"):
        open_token_key(softhsm.uri(_token(), "odd"), b"")


def test_two_keys_of_one_name_are_not_guessed_between() -> None:
    _generate("twin", "secp256r1")
    _generate("twin", "secp256r1")
    with pytest.raises(KeyUnusable, match="2 private keys"):
        open_token_key(softhsm.uri(_token(), "twin"), b"")


def test_the_keys_of_a_token_are_listed() -> None:
    make_token_key(softhsm.uri(_token(), "listed"), "p384", b"")
    rows = {label: kind for label, _, kind in list_token_keys(softhsm.uri(_token(), "any"), b"")}
    assert rows["listed"] == "p384"
