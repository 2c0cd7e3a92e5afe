"""What the stages are given."""

from support.rig import PERSONS, Rig

from esb.certs.profile import SIGNATURES, Family
from esb.kernel import namespaces as ns
from esb.kernel.directory import ServiceStatus


def test_a_service_is_found_by_its_path_whatever_its_status(rig: Rig) -> None:
    assert rig.way.service_at(PERSONS.path) is rig.service
    rig.serve(status=ServiceStatus.RETIRED)
    assert rig.way.service_at(PERSONS.path) is rig.service
    assert rig.way.service_at(PERSONS.path + "/") is None


def test_a_new_directory_counts_at_once(rig: Rig) -> None:
    before = rig.way.service_at(PERSONS.path)
    rig.serve(timeout=1.0)
    assert rig.way.service_at(PERSONS.path) is not before


def test_with_one_key_everybody_is_answered_with_it(rig: Rig) -> None:
    assert all(rig.way.signer_for(uri) is rig.way.signer for uri in (*SIGNATURES, ""))


def test_who_signs_with_rsa_is_answered_with_the_second_key_where_there_is_one(rig: Rig) -> None:
    rig.give_second_key()
    for uri, algorithm in SIGNATURES.items():
        second = algorithm.family in (Family.RSA, Family.RSA_PSS)
        assert rig.way.signer_for(uri) is (rig.way.second_signer if second else rig.way.signer)
    # Refused, but whoever begins with SHA-1 has to read why.
    assert rig.way.signer_for(f"{ns.DS}rsa-sha1") is rig.way.second_signer
    assert rig.way.signer_for("") is rig.way.signer
