"""What is offered, and on which grounds."""

from esb.demo import offers
from esb.demo.place import ACTING
from esb.demo.stage import Stage
from esb.kernel.directory import AnswerSignature, SignatureMode
from esb.kernel.soap import SoapVersion
from esb.registry.database import reading
from esb.registry.grants import list_grants
from esb.registry.services import list_services


def test_the_three_systems_show_every_way_of_signing_towards_a_provider(stage: Stage) -> None:
    with reading(stage.place.engine) as session:
        rows = {f"{row.member}/{row.system}/{row.code}/{row.version}": row for row in list_services(session)}
    assert set(rows) == {*(offer.service for offer in offers.OFFERS), *offers.HOSTED}
    assert {row.signature for row in rows.values()} == set(SignatureMode)
    insured = rows[offers.INSURED]
    assert insured.answer_signature is AnswerSignature.REQUIRED
    assert insured.provider_version is SoapVersion.V12
    assert rows[offers.PENSION].adapter == "hosted"


def test_every_ground_is_granted_with_purpose_and_legal_basis(stage: Stage) -> None:
    with reading(stage.place.engine) as session:
        granted = {(row.consumer_member, row.purpose, row.legal_basis) for row in list_grants(session)}
    assert granted == {(each.consumer, each.purpose, each.legal_basis) for each in offers.GROUNDS}
    assert {each.consumer for each in offers.GROUNDS} < set(ACTING)


def test_a_ground_is_found_for_who_has_one_and_for_nobody_else() -> None:
    ground = offers.ground_for("EESMN", offers.PERSONS)
    assert ground is not None
    assert "officer" in ground.required
    assert offers.ground_for("AZERENERJI", offers.PERSONS) is None
