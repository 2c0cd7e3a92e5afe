"""What is wrong with a private key, wherever it lies."""

from esb.kernel.faults import EsbError


class KeyUnusable(EsbError):
    """A private key cannot be used; the text says why and what to do, and holds nothing secret."""


class KeyMissing(KeyUnusable):
    """The device is there and holds no such key."""


class WrongPassphrase(KeyUnusable):
    """The key is there and whole, and the passphrase or PIN does not open it."""
