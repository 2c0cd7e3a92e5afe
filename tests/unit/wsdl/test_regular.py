"""Inclusion of content models, held against every word up to a length."""

from itertools import product
from random import Random

import pytest

from esb.wsdl.regular import (
    EMPTY,
    NEVER,
    Model,
    atom,
    choice,
    derivative,
    first,
    includes,
    meetings,
    nullable,
    repeat,
    sequence,
    shuffle,
    times,
    without,
)

A, B, C = (atom([letter]) for letter in "abc")
LETTERS = "abc"


def words(model: Model, longest: int = 5) -> set[str]:
    found = set()
    for length in range(longest + 1):
        for letters in product(LETTERS, repeat=length):
            left = model
            for letter in letters:
                left = derivative(left, letter)
            if nullable(left):
                found.add("".join(letters))
    return found


def made(random: Random, depth: int) -> Model:
    if depth == 0:
        return atom(random.sample(LETTERS, random.randint(1, 2)))
    kind = random.choice(["sequence", "choice", "repeat", "shuffle", "atom"])
    if kind == "shuffle":
        return shuffle((atom([letter]), random.random() < 0.5) for letter in random.sample(LETTERS, 2))
    if kind == "atom":
        return made(random, 0)
    if kind == "repeat":
        low = random.randint(0, 1)
        return repeat(made(random, depth - 1), low, random.choice([None, low + 1]))
    inside = [made(random, depth - 1) for _ in range(random.randint(1, 2))]
    return sequence(inside) if kind == "sequence" else choice(inside)


@pytest.mark.parametrize("seed", range(60))
def test_inclusion_is_that_of_the_words(seed: int) -> None:
    random = Random(seed)
    one, other = made(random, 2), made(random, 2)
    told = includes(one, other, LETTERS)
    assert told is not None
    if told:
        assert words(other) <= words(one)
    else:
        assert not words(other, 6) <= words(one, 6)


@pytest.mark.parametrize("seed", range(30))
def test_counts_are_those_of_the_words(seed: int) -> None:
    model = made(Random(seed), 2)
    for letter in LETTERS:
        least, most = times(model, letter)
        counted = [word.count(letter) for word in words(model)]
        assert min(counted, default=least) >= least
        assert most is None or max(counted, default=0) <= most


def test_simplest_forms() -> None:
    assert sequence([A]) == A
    assert sequence([A, NEVER]) == NEVER
    assert atom([]) == NEVER
    assert repeat(A, 0, 0) == EMPTY
    assert repeat(NEVER, 0, None) == EMPTY
    assert shuffle([]) == EMPTY


def test_letters_can_be_struck_out() -> None:
    assert without(sequence([A, B, C]), {"b"}) == sequence([A, C])
    assert words(without(atom(["a", "b"]), {"b"})) == {"", "a"}


def test_an_all_group_against_a_sequence_and_back() -> None:
    every = shuffle([(A, True), (B, True)])
    assert includes(every, sequence([A, B]), LETTERS) is True
    assert includes(sequence([A, B]), every, LETTERS) is False


def test_large_counts_that_are_written_alike_are_told_and_others_not() -> None:
    assert includes(repeat(A, 0, 1_000_000), repeat(A, 0, 999_999), LETTERS) is True
    assert includes(choice([repeat(A, 0, 900_000), B]), sequence([repeat(A, 0, 800_000), EMPTY]), LETTERS) in (
        True,
        None,
    )
    assert (
        includes(repeat(choice([A, B]), 0, 100_000), sequence([repeat(A, 0, 9_000), repeat(B, 0, 9_000)]), "ab") is None
    )


def test_which_particles_meet() -> None:
    one = sequence([atom(["a"], 0), atom(["a", "b"], 1)])
    other = sequence([atom(["a"], 0), repeat(atom(["c"], 1), 0, 1), atom(["b"], 2)])
    assert first(one, "a") == {0}
    assert meetings(one, other, LETTERS) == {("a", 0, 0), ("b", 1, 2)}
