"""The keys that a serving bus signs with: opened and tried once, and watched where they lie in a device."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptography import x509

from esb.certs.keys import KeyUnusable, load_key
from esb.certs.sign import Signer
from esb.certs.trial import SLOW, try_key
from esb.kernel.token_uri import KeyPlace, TokenUri

if TYPE_CHECKING:
    from esb.certs.token_key import TokenKey


class Keyring:
    """Opens keys.

    Args:
        passphrase: of the home's keys.
        monotonic: a clock, in seconds.
        warn: told what an operator should see (a text, and facts by name).

    Attributes:
        slow: whether one of the keys opened takes so long that signing would hold up the reactor.
    """

    def __init__(self, passphrase: bytes, monotonic: Callable[[], float], warn: Callable[..., None]) -> None:
        self._passphrase = passphrase
        self._monotonic = monotonic
        self._warn = warn
        self._devices: list[TokenKey] = []
        self.slow = False

    def signer(
        self,
        place: KeyPlace,
        certificate: Callable[[], x509.Certificate],
        check: Callable[[str], None] | None = None,
    ) -> Signer:
        """Open a key and try it: it signs, and its certificate verifies that.

        Args:
            certificate: reads the key's certificate; asked once the key is open.
            check: is told the key's signature algorithm first, and may raise.

        Raises:
            KeyUnusable: it cannot be opened, does not sign, or is not the certificate's.
        """
        key = load_key(place, self._passphrase)
        if check is not None:
            check(key.algorithm)
        own = certificate()
        try:
            trial = try_key(key, own.public_key(), self._monotonic)
        except KeyUnusable as error:
            raise KeyUnusable(f"{place}: {error}") from error
        if trial.extractable:
            self._warn(
                "a private key in a device can be taken out of it: make one there with esb key make", key=str(place)
            )
        if trial.slow:
            self._warn("a private key signs slowly", key=str(place), ms=round(trial.seconds * 1000, 2), limit=SLOW)
            self.slow = True
        if isinstance(place, TokenUri):
            self._devices.append(key)  # type: ignore[arg-type]  # load_key gives a TokenKey for a TokenUri
        return Signer(key, own)

    def problem(self) -> str:
        """Why a key in a device does not sign now; "" while all do."""
        return "; ".join(key.problem for key in self._devices if key.problem)

    def retry(self) -> None:
        """Try again the keys that failed, for a bus that nobody asks any more would never see that they are back.

        Blocking.
        """
        for key in self._devices:
            if key.problem:
                try:
                    key.sign(b"")
                except KeyUnusable:
                    continue
