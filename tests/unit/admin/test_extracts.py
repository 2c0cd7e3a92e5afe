"""Making extracts."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.extracts import CODE, DAY, NOW, Authority, Keeper

from esb.admin.certificates import NotACertificate
from esb.admin.extracts import SignerUnfit, common_name, document_signer, read_certificates
from esb.registry.acts import list_changes
from esb.registry.database import reading
from esb.registry.documents import get_document
from esb.registry.errors import Invalid, NotFound
from esb.registry.extracts import get_extract


def test_an_extract_is_two_files_a_row_and_an_act(keeper: Keeper) -> None:
    made = keeper.make()
    with reading(keeper.engine) as session:
        view = get_extract(session, made.facts.id)
        assert get_document(session, made.facts.xml).content == made.xml
        assert get_document(session, made.facts.pdf).content == made.pdf
        change = list_changes(session)[-1]
    assert view.facts == made.facts
    assert (view.is_current, view.extracted.number, view.facts.made_by) == (True, 1, "officer")
    assert made.facts.signer == keeper.signer.chain[0].fingerprint(SHA256()).hex()
    assert (change.act, change.kind, change.key) == ("issue", "extract", made.facts.xml)
    assert (change.detail["of"], change.detail["version"]) == (CODE, 1)
    # The list of changes is read by more people than may see the extract.
    assert made.facts.id not in str(change.detail)
    assert made.pdf.count(made.xml) == 1


def test_two_extracts_have_ids_of_their_own(keeper: Keeper) -> None:
    assert keeper.make().facts.id != keeper.make().facts.id


def test_a_past_state_is_extracted_as_it_was(keeper: Keeper) -> None:
    keeper.change(NOW - 10, subjects=11)
    assert keeper.make().extract.entry.subjects == 11
    earlier = keeper.make(as_of=NOW - 10.000001).extract
    assert (earlier.version, earlier.entry.subjects, earlier.as_of) == (1, 10_000_000, NOW - 10.000001)
    with pytest.raises(NotFound, match="first version"):
        keeper.make(as_of=NOW - 2000)
    with pytest.raises(Invalid, match="not known yet"):
        keeper.make(as_of=NOW + 1)


def test_the_operator_is_named(keeper: Keeper) -> None:
    keeper.change(operator={"member": "EESMN"})
    made = keeper.make().extract
    assert made.operator is not None
    assert made.operator.az == "Əmək Nazirliyi"


def write(path: Path, *certificates: bytes) -> Path:
    path.write_bytes(b"".join(certificates))
    return path


def test_a_strangers_chain_is_whole(tmp_path: Path) -> None:
    authority = Authority()
    signer = authority.signer()
    file = write(tmp_path / "a.pem", signer.chain[0].public_bytes(Encoding.PEM))
    other = Authority("Başqa CA")
    anchors = (other.certificate, authority.certificate)
    assert document_signer(signer.key, file, anchors, NOW).chain == signer.chain
    assert document_signer(signer.key, file, (other.certificate,), NOW).chain == signer.chain[:1]
    assert signer.name == "bus"


def test_what_cannot_sign_extracts(tmp_path: Path) -> None:
    authority = Authority()
    signer, other = authority.signer(), authority.signer()
    file = write(tmp_path / "a.pem", signer.chain[0].public_bytes(Encoding.PEM))
    with pytest.raises(SignerUnfit, match="not the certificate of the key"):
        document_signer(other.key, file, (), NOW)
    with pytest.raises(SignerUnfit, match="renew it"):
        document_signer(signer.key, file, (), NOW + 366 * DAY)
    for wrong in (write(tmp_path / "b.pem", b"x"), tmp_path / "none.pem"):
        with pytest.raises(SignerUnfit, match="in PEM"):
            document_signer(signer.key, wrong, (), NOW)


def test_certificates_are_read_from_files_and_folders(tmp_path: Path) -> None:
    authority = Authority()
    pem = authority.certificate.public_bytes(Encoding.PEM)
    write(tmp_path / "a.pem", pem)
    write(tmp_path / ".hidden", b"x")
    assert read_certificates(tmp_path) == read_certificates(tmp_path / "a.pem") == (authority.certificate,)
    write(tmp_path / "b.pem", b"x")
    with pytest.raises(NotACertificate, match=r"b\.pem"):
        read_certificates(tmp_path)


def test_a_certificate_without_a_name_is_called_by_its_subject() -> None:
    assert common_name(Authority("Sınaq CA").certificate) == "Sınaq CA"


def test_nothing_leaves_that_does_not_verify(keeper: Keeper) -> None:
    """A key beside another's certificate."""
    signer = replace(keeper.authority.signer(), chain=keeper.signer.chain)
    with pytest.raises(Exception, match="signed"):
        keeper.make(signer)
    with reading(keeper.engine) as session:
        assert list_changes(session)[-1].kind == "resource"
