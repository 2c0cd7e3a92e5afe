"""However a platform spells an issuer's name, it is found under the certificate's own key."""

import contextlib

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from esb.certs import der
from esb.certs.names import issuer_key, issuer_key_of

DN_TYPES = {
    NameOID.COMMON_NAME: {"java": "CN", "net": "CN", "openssl": "CN"},
    NameOID.SURNAME: {"java": "SURNAME", "net": "SN", "openssl": "SN"},
    NameOID.SERIAL_NUMBER: {"java": "SERIALNUMBER", "net": "SERIALNUMBER", "openssl": "serialNumber"},
    NameOID.LOCALITY_NAME: {"java": "L", "net": "L", "openssl": "L"},
    NameOID.STATE_OR_PROVINCE_NAME: {"java": "ST", "net": "S", "openssl": "ST"},
    NameOID.STREET_ADDRESS: {"java": "STREET", "net": "STREET", "openssl": "street"},
    NameOID.ORGANIZATION_NAME: {"java": "O", "net": "O", "openssl": "O"},
    NameOID.ORGANIZATIONAL_UNIT_NAME: {"java": "OU", "net": "OU", "openssl": "OU"},
    NameOID.TITLE: {"java": "T", "net": "T", "openssl": "title"},
    NameOID.GIVEN_NAME: {"java": "GIVENNAME", "net": "G", "openssl": "GN"},
    NameOID.INITIALS: {"java": "INITIALS", "net": "I", "openssl": "initials"},
    NameOID.EMAIL_ADDRESS: {"java": "EMAILADDRESS", "net": "E", "openssl": "emailAddress"},
    NameOID.USER_ID: {"java": "UID", "net": "OID.0.9.2342.19200300.100.1.1", "openssl": "UID"},
    NameOID.DOMAIN_COMPONENT: {"java": "DC", "net": "DC", "openssl": "DC"},
    NameOID.ORGANIZATION_IDENTIFIER: {
        "java": "OID.2.5.4.97",
        "net": "OID.2.5.4.97",
        "openssl": "organizationIdentifier",
    },
    ObjectIdentifier("1.3.6.1.4.1.99999.7"): {
        "java": "OID.1.3.6.1.4.1.99999.7",
        "net": "OID.1.3.6.1.4.1.99999.7",
        "openssl": "1.3.6.1.4.1.99999.7",
    },
}

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TRICKY = st.text(st.sampled_from(list(' ,;+="\\#<>/:-.\tABab\x00şŞıİəß')), min_size=1, max_size=12)
# What a platform writes raw must survive XML and its own quoting; controls are left to the strict spelling.
PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs"], include_characters=" "),
    min_size=1,
    max_size=20,
)


def names(values: st.SearchStrategy[str]) -> st.SearchStrategy[x509.Name]:
    attribute = st.builds(
        lambda oid, value: x509.NameAttribute(oid, value, x509.name._ASN1Type.UTF8String),
        st.sampled_from(sorted(DN_TYPES, key=str)),
        values,
    )
    rdn = st.lists(attribute, min_size=1, max_size=3, unique_by=lambda a: (a.oid, a.value))
    return st.lists(rdn.map(x509.RelativeDistinguishedName), min_size=1, max_size=6).map(x509.Name)


def java_to_string(name: x509.Name) -> str:
    """``X500Name.toString``: quotes round a value with specials, a backslash before a quote or a backslash."""

    def value(text: str) -> str:
        quoted = any(c in text for c in ',+=\n<>#;\\"') or text != text.strip(" ") or "  " in text
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"' if quoted else escaped

    return ", ".join(
        " + ".join(f"{DN_TYPES[a.oid]['java']}={value(a.value)}" for a in rdn) for rdn in reversed(name.rdns)
    )


def java_rfc2253(name: x509.Name) -> str:
    """``X500Principal.getName()``: what RFC 2253 does not name is written as a number and a ``#hex`` value."""
    known = {"CN", "C", "L", "ST", "STREET", "O", "OU", "DC", "UID"}

    def pair(a: x509.NameAttribute[str]) -> str:
        keyword = DN_TYPES[a.oid]["java"]
        if keyword not in known:
            return f"{a.oid.dotted_string}=#{der.encode(0x0C, a.value.encode()).hex()}"
        text = "".join("\\" + c if c in ',+"\\<>;=' else c for c in a.value)
        if text[0] in " #":
            text = "\\" + text
        if text[-1] == " " and len(a.value) > 1:
            text = text[:-1] + "\\ "
        return f"{keyword}={text}"

    return ",".join("+".join(pair(a) for a in rdn) for rdn in reversed(name.rdns))


def dot_net(name: x509.Name) -> str:
    """``X500DistinguishedName.Name``: quotes round a value with specials, a quote doubled, a backslash as it is."""

    def value(text: str) -> str:
        # Windows escapes no backslash; where it stands, a client has to use another reference.
        if any(c in text for c in ',+="\n<>#;') or text != text.strip():
            return '"' + text.replace('"', '""') + '"'
        return text

    return ", ".join(
        " + ".join(f"{DN_TYPES[a.oid]['net']}={value(a.value)}" for a in rdn) for rdn in reversed(name.rdns)
    )


def openssl_rfc2253_utf8_escaped(name: x509.Name) -> str:
    """``-nameopt RFC2253``: every octet beyond ASCII as ``\\C5``."""

    def value(text: str) -> str:
        octets = []
        for place, c in enumerate(text):
            if ord(c) < 0x20 or ord(c) >= 0x7F:
                octets += [f"\\{octet:02X}" for octet in c.encode()]
            elif c in ',+"\\<>;' or (c in " #" and place == 0) or (c == " " and place == len(text) - 1):
                octets.append("\\" + c)
            else:
                octets.append(c)
        return "".join(octets)

    return ",".join(
        "+".join(f"{DN_TYPES[a.oid]['openssl']}={value(a.value)}" for a in rdn) for rdn in reversed(name.rdns)
    )


def openssl_in_certificate_order(name: x509.Name) -> str:
    """``-nameopt oneline``: the certificate's own order, blanks round the equals sign."""

    def value(text: str) -> str:
        quoted = any(c in text for c in ',+<>;"') or text[0] in " #" or text[-1] == " "
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"' if quoted else escaped

    return ", ".join(" + ".join(f"{DN_TYPES[a.oid]['openssl']} = {value(a.value)}" for a in r) for r in name.rdns)


@given(names(ANY_TEXT | TRICKY))
def test_the_strict_spelling_is_found(name: x509.Name) -> None:
    assert issuer_key(name.rfc4514_string()) == issuer_key_of(name)


@given(names(ANY_TEXT | TRICKY))
def test_every_octet_escaped_is_found(name: x509.Name) -> None:
    text = ",".join(
        "+".join(f"{a.oid.dotted_string}=" + "".join(f"\\{o:02x}" for o in a.value.encode()) for a in rdn)
        for rdn in reversed(name.rdns)
    )
    assert issuer_key(text) == issuer_key_of(name)


@given(names(PRINTABLE | TRICKY.filter(lambda text: "\0" not in text)))
def test_java_is_found(name: x509.Name) -> None:
    assert issuer_key(java_to_string(name)) == issuer_key_of(name)
    assert issuer_key(java_rfc2253(name)) == issuer_key_of(name)


@given(names(PRINTABLE.filter(lambda text: "\\" not in text)))
def test_dot_net_is_found(name: x509.Name) -> None:
    assert issuer_key(dot_net(name)) == issuer_key_of(name)


@given(names(ANY_TEXT | TRICKY))
def test_openssl_is_found(name: x509.Name) -> None:
    assert issuer_key(openssl_rfc2253_utf8_escaped(name)) == issuer_key_of(name)


@given(names(PRINTABLE))
def test_openssl_in_the_certificates_order_is_found(name: x509.Name) -> None:
    assert issuer_key(openssl_in_certificate_order(name)) == issuer_key_of(name)


SMALL = st.lists(
    st.lists(
        st.tuples(st.sampled_from([NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME]), st.sampled_from(["a", "b", "ab"])),
        min_size=1,
        max_size=2,
        unique=True,
    ),
    min_size=1,
    max_size=3,
)


@given(SMALL, SMALL)
def test_two_names_share_a_key_when_they_are_one_or_mirrored_and_never_else(
    one: list[list[tuple[ObjectIdentifier, str]]], other: list[list[tuple[ObjectIdentifier, str]]]
) -> None:
    def key(parts: list[list[tuple[ObjectIdentifier, str]]]) -> bytes:
        rdns = [x509.RelativeDistinguishedName([x509.NameAttribute(*pair) for pair in part]) for part in parts]
        return issuer_key_of(x509.Name(rdns))

    first, second = ([frozenset(part) for part in parts] for parts in (one, other))
    assert (key(one) == key(other)) == (second in (first, first[::-1]))


@given(st.text(max_size=300) | st.text(st.sampled_from(list('CNO=,;+"\\# /2.5CB\n')), max_size=300))
def test_garbage_is_a_value_error_and_nothing_else(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert issuer_key(text)
