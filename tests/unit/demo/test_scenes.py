"""The scenes: each expects what the protocol says, of somebody about whom all agencies know something."""

from esb.demo.people import make_population
from esb.demo.place import ACTING
from esb.demo.scenes import NOBODY, Trick, choose_hero, make_scenes
from esb.kernel.rules import CATALOGUE

POPULATION = make_population()


def test_the_hero_works_now_and_worked_before() -> None:
    hero = choose_hero(POPULATION)
    assert len(hero.contracts) > 1
    assert hero.contracts[-1].ended is None
    assert {hero.person.fin} == {each.fin for each in (*hero.contracts, hero.insured)}


def test_nobody_bears_the_fin_that_nobody_is_to_bear() -> None:
    assert NOBODY not in {person.fin for person in POPULATION.people}


def test_every_refusal_cites_a_rule_of_the_protocol_with_its_code() -> None:
    refused = [scene for scene in make_scenes(POPULATION) if scene.rule]
    assert len(refused) == 6
    for scene in refused:
        assert CATALOGUE[scene.rule].code.value == scene.outcome
        assert scene.delivered == 0


def test_everybody_who_asks_has_a_key() -> None:
    scenes = make_scenes(POPULATION)
    assert {scene.consumer for scene in scenes} <= set(ACTING)
    assert len({scene.name for scene in scenes}) == len(scenes)


def test_what_is_played_on_comes_after_what_it_needs() -> None:
    """The replay repeats Taxes' last question, and a system that is down stays down."""
    scenes = make_scenes(POPULATION)
    names = [scene.name for scene in scenes]
    assert names.index("replay") > names.index("insurance")
    stopped = next(index for index, scene in enumerate(scenes) if scene.trick is Trick.STOP)
    assert not [scene for scene in scenes[stopped + 1 :] if scene.system == scenes[stopped].system]
