"""Who signs checkpoints."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.audit.log_key import LogSigner
from esb.audit.notes import open_checkpoint


def test_a_checkpoint_is_signed_under_the_logs_name() -> None:
    private = Ed25519PrivateKey.generate()
    signer = LogSigner("bus.example/log", private.public_key().public_bytes_raw(), private.sign)
    found, seen = open_checkpoint(signer.checkpoint(3, bytes(32)), signer.key)
    assert (found.origin, found.size, found.root, seen) == ("bus.example/log", 3, bytes(32), {})


def test_the_private_half_is_not_shown() -> None:
    private = Ed25519PrivateKey.generate()
    assert "sign" not in repr(LogSigner("a/log", private.public_key().public_bytes_raw(), private.sign))
