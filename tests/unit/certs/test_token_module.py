"""Finding the library of a device and its token; what the sessions do is in tests/contract/test_keys.py."""

from pathlib import Path
from typing import Any

import pytest
from pkcs11 import exceptions as trouble
from support import softhsm

from esb.certs.token_module import Module, module_of, pin_of, token_of
from esb.certs.unusable import KeyUnusable, WrongPassphrase
from esb.kernel.token_uri import TokenUri, parse_token_uri


def test_a_library_is_found_by_name_and_loaded_once() -> None:
    softhsm.folder()
    uri = parse_token_uri("pkcs11:token=t;object=o?module-name=softhsm2")
    assert module_of(uri) is module_of(uri)


@pytest.mark.parametrize("query", ["module-name=none-such", "module-path=/none/such.so", "module-path=/etc/passwd"])
def test_what_is_no_library_is_told(query: str) -> None:
    with pytest.raises(KeyUnusable, match=r"no library|is not there|could not be loaded"):
        module_of(parse_token_uri(f"pkcs11:token=t;object=o?{query}"))


def test_a_pin_comes_from_its_file_else_it_is_the_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text("1234\nmore\n")
    file.chmod(0o600)
    uri = TokenUri("pkcs11:x", pin_source=file)
    assert pin_of(uri, b"other") == b"1234"
    assert pin_of(TokenUri("pkcs11:x"), b"other") == b"other"
    file.chmod(0o644)
    with pytest.raises(KeyUnusable, match="others"):
        pin_of(uri, b"other")
    file.write_text("\n")
    file.chmod(0o600)
    with pytest.raises(WrongPassphrase, match="no PIN"):
        pin_of(uri, b"other")
    file.unlink()
    with pytest.raises(KeyUnusable, match="cannot be read"):
        pin_of(uri, b"other")


def test_two_tokens_of_one_name_are_not_guessed_between() -> None:
    label = softhsm.fresh_token()
    module = module_of(softhsm.uri(label, "k"))
    token = token_of(module.library, softhsm.uri(label, "k"))

    class Twice:
        def get_slots(self, token_present: bool) -> list[Any]:
            return [token.slot, token.slot]

    with pytest.raises(KeyUnusable, match="2 tokens"):
        token_of(Twice(), softhsm.uri(label, "k"))
    with pytest.raises(trouble.NoSuchToken):
        token_of(module.library, softhsm.uri("none", "k"))
    serial = token.serial.decode().strip()
    by_serial = TokenUri("pkcs11:x", serial=serial, slot=token.slot.slot_id)
    assert token_of(module.library, by_serial).label == label


def test_a_library_that_cannot_lock_is_entered_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """CKR_CANT_LOCK: it is then begun without locks of its own, and ours stands before it."""
    softhsm.folder()
    real = module_of(parse_token_uri("pkcs11:token=t;object=o?module-name=softhsm2"))
    module = Module.__new__(Module)
    for name, value in vars(real).items():
        setattr(module, name, value)
    asked: list[Any] = []

    class Functions:
        @staticmethod
        def finalize(_: Any) -> int:
            return 0

        @staticmethod
        def initialize(arguments: Any) -> int:
            asked.append(arguments)
            return 0xA if arguments is not None else 0

    module._functions = Functions()  # type: ignore[assignment]
    module.initialise()
    assert len(asked) == 2
    assert module._most == 1
    with module.entered():
        assert module._inside == 1
    Functions.initialize = staticmethod(lambda _: 5)  # type: ignore[method-assign]
    with pytest.raises(KeyUnusable, match="0x5"):
        module.initialise()
