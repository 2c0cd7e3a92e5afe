"""Playing scenes: what is as it should be is a tick, and what is not is a cross."""

from dataclasses import replace

import pytest
from lxml import etree

from esb.demo.scenes import Scene, Trick, make_scenes
from esb.demo.stage import Stage
from esb.demo.story import change_fin, play

SCENES = {scene.name: scene for scene in make_scenes()}


@pytest.mark.parametrize("name", [name for name, scene in SCENES.items() if scene.trick is Trick.NONE])
def test_every_scene_is_as_it_should_be(name: str, stage: Stage) -> None:
    played = play(SCENES[name], stage)
    assert [check.text for check in played.checks if not check.ok] == [], played
    assert played.outcome == SCENES[name].outcome
    assert played.records[-1].startswith(played.exchange)
    assert played.as_json()["ok"] is True


def wrong(scene: Scene, stage: Stage) -> list[str]:
    return [check.text for check in play(scene, stage).checks if not check.ok]


def test_an_answer_where_a_refusal_was_due_is_a_cross(stage: Stage) -> None:
    scene = replace(SCENES["identity"], outcome="AccessDenied", rule="ACC-02")
    assert wrong(scene, stage) == ["refused as it must be: AccessDenied under ACC-02"]


def test_another_person_than_the_population_has_is_a_cross(stage: Stage) -> None:
    scene = replace(SCENES["identity"], right=lambda value: value.fin == "0000000")
    assert wrong(scene, stage) == ["the answer is what the made-up population says"]


def test_a_request_that_reached_a_system_and_must_not_have_is_a_cross(stage: Stage) -> None:
    scene = replace(SCENES["identity"], delivered=0)
    assert wrong(scene, stage) == ["nothing of it reached DIN's system: its journal has no new line"]


def test_a_request_that_did_not_reach_a_system_and_must_have_is_a_cross(stage: Stage) -> None:
    scene = replace(SCENES["no-grant"], delivered=1)
    assert wrong(scene, stage) == ["DIN's system was asked once, as its journal says"]


def test_without_the_command_the_library_alone_gives_the_second_opinion(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    texts = [check.text for check in play(SCENES["metadata"], stage).checks]
    assert "libxmlsec: the bus signed Body, Timestamp and Receipt, and the signature holds" in texts


def test_an_answer_that_the_command_does_not_accept_is_a_cross(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "false")
    assert len(wrong(SCENES["metadata"], stage)) == 1


def test_the_fin_is_changed_into_another_lawful_one() -> None:
    for own, other in (("5ABC123", "5ABC124"), ("5ABC12Z", "5ABC120")):
        root = etree.fromstring(f'<e><q xmlns="urn:q"><fin>{own}</fin></q></e>')
        change_fin(root)
        assert root[0][0].text == other
