"""What a PKCS #11 URI may say, and what it may never hold."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.token_uri import TokenUriInvalid, parse_token_uri

MODULE = "module-path=/usr/lib/softhsm/libsofthsm2.so"


def test_every_part_is_read() -> None:
    uri = parse_token_uri(
        "pkcs11:token=Bus%20HSM;manufacturer=X;model=Y;serial=0123;object=imza%20a%C3%A7ar%C4%B1;id=%01%FF;slot-id=7;"
        f"type=private?{MODULE}&pin-source=file:/etc/shluz/pin"
    )
    assert (uri.token, uri.manufacturer, uri.model, uri.serial) == ("Bus HSM", "X", "Y", "0123")
    assert (uri.object, uri.id, uri.slot) == ("imza açarı", b"\x01\xff", 7)
    assert (uri.module_path, uri.pin_source) == (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/etc/shluz/pin"))


@pytest.mark.parametrize("source", ["file:/etc/pin", "file:///etc/pin", "/etc/pin"])
def test_a_pins_file_is_written_in_each_usual_way(source: str) -> None:
    uri = parse_token_uri(f"pkcs11:token=t;object=o?module-name=softhsm2&pin-source={source}")
    assert uri.pin_source == Path("/etc/pin")
    assert uri.module_name == "softhsm2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys/bus.key", "begins with pkcs11"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-value=4711", "PIN does not belong"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-source=|/bin/cat%20pin", "is a file"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-source=file:pin", "is a file|absolute"),
        (f"pkcs11:token=t?{MODULE}", "names no key"),
        (f"pkcs11:object=o?{MODULE}", "names no token"),
        ("pkcs11:token=t;object=o", "which library"),
        (f"pkcs11:token=t;object=o?{MODULE}&module-name=x", "which library"),
        ("pkcs11:token=t;object=o?module-path=lib.so", "absolute"),
        ("pkcs11:token=t;object=o?module-name=../x", "without folder"),
        (f"pkcs11:token=t;token=u;object=o?{MODULE}", "twice"),
        (f"pkcs11:token=t;object=o;library-version=3?{MODULE}", "not known here"),
        (f"pkcs11:token=t;object=o;type=cert?{MODULE}", "private key"),
        (f"pkcs11:token=t;object=%FF?{MODULE}", "UTF-8"),
        (f"pkcs11:token=t;object=a%0Ab?{MODULE}", "control"),
        (f"pkcs11:token=t;object=a b?{MODULE}", "NAME=VALUE"),
        (f"pkcs11:token=t;object=o;slot-id=x?{MODULE}", "number"),
        ("pkcs11:" + "x" * 3000, "too long"),
    ],
)
def test_what_is_no_key_of_a_device_is_refused(text: str, words: str) -> None:
    with pytest.raises(TokenUriInvalid, match=words) as told:
        parse_token_uri(text)
    assert "4711" not in str(told.value)


_NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)


@given(token=_NAMES, name=_NAMES, ident=st.binary(min_size=1, max_size=20))
def test_any_name_survives(token: str, name: str, ident: bytes) -> None:
    text = f"pkcs11:token={quote(token, safe='')};object={quote(name, safe='')};id={quote(ident, safe='')}?{MODULE}"
    uri = parse_token_uri(text)
    assert (uri.token, uri.object, uri.id, str(uri)) == (token, name, ident, text)


@given(st.text(max_size=80))
def test_any_other_text_is_read_or_refused(text: str) -> None:
    try:
        uri = parse_token_uri("pkcs11:" + text)
    except TokenUriInvalid:
        return
    assert uri.object or uri.id
