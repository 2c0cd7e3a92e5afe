"""The made-up population: always the same, lawful in form, and agreeing with itself."""

import re
from datetime import date
from decimal import Decimal

import pytest

from esb.demo.people import TODAY, Population, make_population, months_between


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population()


def test_every_run_makes_the_same_people() -> None:
    assert make_population(50) == make_population(50)
    assert make_population(50, seed=1) != make_population(50, seed=2)


def test_a_fin_has_seven_characters_without_i_and_o_and_is_somebody_alone(population: Population) -> None:
    fins = [person.fin for person in population.people]
    assert len(fins) == len(set(fins)) == 3000
    assert all(re.fullmatch("[0-9A-HJ-NP-Z]{7}", fin) for fin in fins)


def test_names_use_the_letters_that_only_azerbaijani_has(population: Population) -> None:
    text = "".join(f"{each.surname}{each.name}{each.patronymic}{each.birthplace}" for each in population.people)
    assert set("əğıöüşçƏİÇŞ") <= set(text)
    assert not re.search("[^A-Za-zÇçƏəĞğİıÖöŞşÜü ]", text)


def test_surname_and_patronymic_follow_the_sex(population: Population) -> None:
    for person in population.people:
        assert person.patronymic.endswith(" qızı" if person.sex == "F" else " oğlu")
        assert not (person.sex == "M" and person.surname.endswith("va"))


def test_the_three_agencies_agree_by_fin(population: Population) -> None:
    born = {person.fin: person.born for person in population.people}
    contracts: dict[str, list[tuple[date, date | None, Decimal]]] = {}
    for contract in population.contracts:
        assert contract.fin in born
        contracts.setdefault(contract.fin, []).append((contract.began, contract.ended, contract.salary))
    assert set(contracts) == {insured.fin for insured in population.insured}
    for insured in population.insured:
        own = contracts[insured.fin]
        assert insured.since == own[0][0]
        assert insured.months == sum(months_between(began, ended or TODAY) for began, ended, _ in own)
        assert insured.paid > 0


def test_nobody_works_as_a_child_or_in_two_places_at_once(population: Population) -> None:
    born = {person.fin: person.born for person in population.people}
    last: dict[str, date | None] = {}
    for contract in population.contracts:
        assert (contract.began.year - born[contract.fin].year) >= 18
        assert contract.ended is None or contract.began < contract.ended < TODAY
        if contract.fin in last:
            before = last[contract.fin]
            assert before is not None
            assert before < contract.began
        last[contract.fin] = contract.ended


def test_numbers_are_given_once(population: Population) -> None:
    for numbers in (
        [contract.number for contract in population.contracts],
        [insured.number for insured in population.insured],
        [person.document for person in population.people],
    ):
        assert len(numbers) == len(set(numbers))
