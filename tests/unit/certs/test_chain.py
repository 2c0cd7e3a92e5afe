"""Paths that must not be believed, and those that must."""

import datetime
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

from esb.certs.chain import MAX_AUTHORITIES, ChainJudge, chain_problem
from esb.kernel import rules

NOW = 1_800_000_000.0
DAY = 86_400
UTF8 = x509.name._ASN1Type.UTF8String
OFF = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)
Key = CertificateIssuerPrivateKeyTypes


@cache
def key(number: int) -> ec.EllipticCurvePrivateKey:
    """Another P-256 key for each number."""
    return ec.generate_private_key(ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, UTF8)])


def at(moment: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC)


def certificate(
    subject: str,
    own: Key,
    issuer: str,
    signer: Key,
    *,
    ca: bool | None = False,
    length: int | None = None,
    usage: str | None = "digital_signature",
    begin: float = NOW - DAY,
    end: float = NOW + DAY,
    serial: int = 7,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    outdated: bool = False,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(own.public_key())  # type: ignore[arg-type]
        .serial_number(serial)
        .not_valid_before(at(begin))
        .not_valid_after(at(end))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, length), critical=True)
    if usage is not None:
        builder = builder.add_extension(x509.KeyUsage(**{**OFF, usage: True}), critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA224() if outdated else hashes.SHA256())


def authority(subject: str, own: int, issuer: str, signer: int, **changes: object) -> x509.Certificate:
    arguments: dict[str, object] = {"ca": True, "usage": "key_cert_sign", **changes}
    return certificate(subject, key(own), issuer, key(signer), **arguments)  # type: ignore[arg-type]


def leaf(issuer: str, signer: int, **changes: object) -> x509.Certificate:
    return certificate("DIN", key(99), issuer, key(signer), **changes)  # type: ignore[arg-type]


ROOT = authority("Root", 1, "Root", 1)
MIDDLE = authority("Middle", 2, "Root", 1)


def openssl_agrees(
    tmp_path: Path, end: x509.Certificate, middle: list[x509.Certificate], roots: list[x509.Certificate]
) -> bool:
    for file, content in (("roots", roots), ("middle", middle), ("end", [end])):
        (tmp_path / file).write_bytes(b"".join(item.public_bytes(Encoding.PEM) for item in content))
    command = ["openssl", "verify", "-attime", str(int(NOW)), "-CAfile", tmp_path / "roots"]
    untrusted = ["-untrusted", tmp_path / "middle"] if middle else []
    done = subprocess.run([*command, *untrusted, tmp_path / "end"], capture_output=True)
    return done.returncode == 0


GOOD: dict[str, tuple[x509.Certificate, list[x509.Certificate]]] = {
    "straight from the root": (leaf("Root", 1), []),
    "through an intermediate": (leaf("Middle", 2), [MIDDLE]),
    "no key usage at all": (leaf("Root", 1, usage=None), []),
    "no basic constraints": (leaf("Root", 1, ca=None), []),
    "ended: judged per message": (leaf("Root", 1, begin=NOW - 3 * DAY, end=NOW - DAY), []),
    "a critical usage that is understood": (
        leaf("Root", 1, extra=((x509.ExtendedKeyUsage([x509.OID_CLIENT_AUTH]), True),)),
        [],
    ),
    "an unknown extension that is not critical": (
        leaf("Root", 1, extra=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), False),)),
        [],
    ),
    "the clone stands first, the true one after it": (
        leaf("Middle", 2),
        [authority("Middle", 5, "Root", 5), authority("Middle", 6, "Root", 1), MIDDLE],
    ),
    "two authorities that certified each other": (
        leaf("Middle", 2),
        [authority("Middle", 2, "Other", 3), authority("Other", 3, "Middle", 2), MIDDLE],
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_true_path_is_found(case: str, tmp_path: Path) -> None:
    end, middle = GOOD[case]
    assert chain_problem(end, middle, [ROOT], NOW) is None
    # OpenSSL does not turn back from a clone that it took first, when nothing but the name tells the two apart.
    if "ended" not in case and "clone" not in case:
        assert openssl_agrees(tmp_path, end, middle, [ROOT])


LEAF_ISSUER = certificate("Leaf", key(3), "Root", key(1))

FALSE: dict[str, tuple[x509.Certificate, list[x509.Certificate]]] = {
    "issued by a leaf": (leaf("Leaf", 3), [LEAF_ISSUER]),
    "issued by a leaf that says nothing of itself": (
        leaf("Leaf", 3),
        [certificate("Leaf", key(3), "Root", key(1), ca=None, usage=None)],
    ),
    "an authority that may not certify": (leaf("Middle", 2), [authority("Middle", 2, "Root", 1, usage="crl_sign")]),
    "a clone of the root: its name, another key": (leaf("Root", 4), [authority("Root", 4, "Root", 4)]),
    "a clone of the intermediate": (leaf("Middle", 4), [authority("Middle", 4, "Root", 4), MIDDLE]),
    "same issuer and serial from a false authority": (leaf("Root", 4, serial=7), []),
    "self-signed": (certificate("DIN", key(99), "DIN", key(99)), []),
    "the intermediate is missing": (leaf("Middle", 2), []),
    "the intermediate has ended": (leaf("Middle", 2), [authority("Middle", 2, "Root", 1, end=NOW - 1)]),
    "the intermediate is not valid yet": (leaf("Middle", 2), [authority("Middle", 2, "Root", 1, begin=NOW + 1)]),
    "the path is longer than allowed": (
        leaf("Low", 3),
        [authority("Middle", 2, "Root", 1, length=0), authority("Low", 3, "Middle", 2)],
    ),
    "an unknown critical extension": (
        leaf("Root", 1, extra=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), True),)),
        [],
    ),
    "an unknown critical extension above": (
        leaf("Middle", 2),
        [
            authority(
                "Middle",
                2,
                "Root",
                1,
                extra=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), True),),
            )
        ],
    ),
    "an intermediate signed with an outdated digest": (
        leaf("Middle", 2),
        [authority("Middle", 2, "Root", 1, outdated=True)],
    ),
    "signed with an outdated digest": (leaf("Root", 1, outdated=True), []),
    "authorities in a ring": (
        leaf("Middle", 2),
        [authority("Middle", 2, "Other", 3), authority("Other", 3, "Middle", 2)],
    ),
}


@pytest.mark.parametrize("case", FALSE)
def test_a_false_path_is_refused(case: str, tmp_path: Path) -> None:
    end, middle = FALSE[case]
    assert chain_problem(end, middle, [ROOT], NOW) is rules.CRT_PATH
    if "outdated" not in case:
        assert not openssl_agrees(tmp_path, end, middle, [ROOT])


@pytest.mark.parametrize(
    "constraint",
    [
        x509.NameConstraints([x509.DNSName("gov.example")], None),
        x509.PolicyConstraints(0, None),
        x509.InhibitAnyPolicy(0),
    ],
)
def test_a_constraint_that_is_not_processed_is_not_passed_over(constraint: x509.ExtensionType) -> None:
    bound = authority("Middle", 2, "Root", 1, extra=((constraint, True),))
    assert chain_problem(leaf("Middle", 2), [bound], [ROOT], NOW) is rules.CRT_PATH


def test_a_name_constraint_that_forgot_to_be_critical_binds_too() -> None:
    bound = authority("Middle", 2, "Root", 1, extra=((x509.NameConstraints([x509.DNSName("a.example")], None), False),))
    assert chain_problem(leaf("Middle", 2), [bound], [ROOT], NOW) is rules.CRT_PATH


@pytest.mark.parametrize("text", ["DIN\0.evil", "DIN\r\nBank", "DIN\x1b[2J", "DIN\x85"])
def test_a_control_character_in_a_name_is_refused(text: str) -> None:
    assert chain_problem(certificate(text, key(99), "Root", key(1)), [], [ROOT], NOW) is rules.CRT_PATH


def test_a_nul_in_a_hosts_name_is_refused() -> None:
    good = x509.SubjectAlternativeName([x509.DNSName("bank.example")])
    assert chain_problem(leaf("Root", 1, extra=((good, False),)), [], [ROOT], NOW) is None
    bad = x509.SubjectAlternativeName([x509.DNSName("bank.example\0.evil")])
    assert chain_problem(leaf("Root", 1, extra=((bad, False),)), [], [ROOT], NOW) is rules.CRT_PATH


def test_an_authoritys_own_certificate_signs_no_message() -> None:
    assert chain_problem(ROOT, [], [ROOT], NOW) is rules.CRT_USAGE
    assert chain_problem(MIDDLE, [], [ROOT], NOW) is rules.CRT_USAGE
    half = certificate("Half", key(3), "Root", key(1), usage="key_cert_sign")
    assert chain_problem(half, [], [ROOT], NOW) is rules.CRT_USAGE


@pytest.mark.parametrize("usage", ["content_commitment", "key_encipherment", "crl_sign"])
def test_a_key_usage_without_digital_signature_is_refused(usage: str) -> None:
    assert chain_problem(leaf("Root", 1, usage=usage), [], [ROOT], NOW) is rules.CRT_USAGE


def test_a_weak_key_is_refused_at_either_end() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    assert chain_problem(certificate("DIN", weak, "Root", key(1)), [], [ROOT], NOW) is rules.SIG_KEY_MATCH
    curve = ec.generate_private_key(ec.SECP256K1())
    assert chain_problem(certificate("DIN", curve, "Root", key(1)), [], [ROOT], NOW) is rules.SIG_KEY_MATCH
    root = certificate("Weak", weak, "Weak", weak, ca=True, usage="key_cert_sign")
    end = certificate("DIN", key(99), "Weak", weak)
    assert chain_problem(end, [], [root], NOW) is rules.CRT_PATH


def test_an_anchor_is_what_is_configured_and_nothing_else() -> None:
    assert chain_problem(leaf("Root", 1), [ROOT], [], NOW) is rules.CRT_PATH
    assert chain_problem(leaf("Middle", 2), [], [MIDDLE], NOW) is None
    own = certificate("DIN", key(99), "DIN", key(99))
    assert chain_problem(own, [], [own], NOW) is rules.CRT_PATH


def test_an_anchors_time_counts_to_the_end_of_its_last_second() -> None:
    root = authority("Root", 1, "Root", 1, end=NOW)
    assert chain_problem(leaf("Root", 1), [], [root], NOW + 0.5) is None
    assert chain_problem(leaf("Root", 1), [], [root], NOW + 1) is rules.CRT_PATH


def test_an_anchors_own_signature_is_not_what_makes_it_one() -> None:
    old = authority("Root", 1, "Root", 1, outdated=True)
    assert chain_problem(leaf("Root", 1), [], [old], NOW) is None


def test_the_depth_has_a_limit() -> None:
    ladder = [authority(f"A{n}", n + 10, f"A{n - 1}" if n > 1 else "Root", n + 9 if n > 1 else 1) for n in range(1, 9)]
    deepest = MAX_AUTHORITIES - 1
    assert chain_problem(leaf(f"A{deepest}", deepest + 10), ladder, [ROOT], NOW) is None
    assert chain_problem(leaf(f"A{deepest + 1}", deepest + 11), ladder, [ROOT], NOW) is rules.CRT_PATH


def test_a_crowd_of_namesakes_costs_a_bounded_number_of_signatures() -> None:
    crowd = [authority("A", 2, "A", 2, serial=number) for number in range(1, 40)]
    # Without the bound: every order of thirty-nine authorities six deep.
    assert chain_problem(leaf("A", 2), crowd, [ROOT], NOW) is rules.CRT_PATH


def test_a_certificate_that_is_malformed_inside_is_no_accident() -> None:
    der = leaf("Root", 1).public_bytes(Encoding.DER)
    marker = bytes.fromhex("0603") + bytes((0x55, 0x1D, 0x0F))
    assert ExtensionOID.KEY_USAGE.dotted_string == "2.5.29.15"
    # The key usage becomes a second basicConstraints.
    broken = x509.load_der_x509_certificate(der.replace(marker, bytes.fromhex("0603551d13")))
    assert chain_problem(broken, [], [ROOT], NOW) is rules.CRT_PATH


def test_the_judge_remembers_until_an_authority_begins_or_ends() -> None:
    root = authority("Root", 1, "Root", 1, begin=NOW, end=NOW + 10)
    judge = ChainJudge([], [root], capacity=2)
    end = leaf("Root", 1)
    for moment, expected in ((NOW - 1, rules.CRT_PATH), (NOW, None), (NOW + 10.9, None), (NOW + 11, rules.CRT_PATH)):
        assert judge.problem(end, moment) is expected
        assert judge.problem(end, moment) is chain_problem(end, [], [root], moment)
