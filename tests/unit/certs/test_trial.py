"""A key that does not go with its certificate, or takes long, is found out at start."""

import time
from typing import Any

import pytest

from esb.certs.keys import FileKey, generate_key
from esb.certs.trial import SLOW, try_key
from esb.certs.unusable import KeyUnusable


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "ed25519"])
def test_a_key_and_its_public_half_go_together(kind: str) -> None:
    key = FileKey(generate_key(kind))
    trial = try_key(key, key.public_key(), time.monotonic)
    assert trial.extractable is None
    assert 0 < trial.seconds < 5


@pytest.mark.parametrize(("mine", "theirs"), [("p256", "p256"), ("p256", "rsa2048"), ("ed25519", "p384")])
def test_another_keys_certificate_is_found_out(mine: str, theirs: str) -> None:
    with pytest.raises(KeyUnusable, match="certificate is not for this key"):
        try_key(FileKey(generate_key(mine)), generate_key(theirs).public_key(), time.monotonic)


def test_a_slow_key_is_seen_to_be_slow() -> None:
    key, ticks = FileKey(generate_key("p256")), iter(range(100))

    def clock() -> Any:
        return next(ticks) * SLOW * 2

    assert try_key(key, key.public_key(), clock).slow
