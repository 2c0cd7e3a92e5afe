"""Which persons a record names: every one that stands at a path, once, as far as a record holds; and nobody else."""

from lxml import etree

from esb.audit.entry import MANY
from esb.kernel.pseudonyms import Pseudonyms
from esb.kernel.subjects import SubjectPath
from esb.stages.subjects import MOST, NOBODY, subjects_of

PATHS = (SubjectPath(("l", "fin")),)
MADE = Pseudonyms([b"k" * 32])


def payload(*fins: str):  # type: ignore[no-untyped-def]
    element = etree.Element("l")
    for fin in fins:
        etree.SubElement(element, "fin").text = fin
    return element


def test_each_person_once_sorted_and_in_one_form() -> None:
    subject, unnamed = subjects_of(payload("5ABC123", " 5abc123\n", "7XYZ321"), PATHS, MADE)
    assert (subject, unnamed) == (" ".join(sorted([MADE.of("5ABC123"), MADE.of("7XYZ321")])), None)


def test_what_is_no_fin_is_nobody() -> None:
    assert subjects_of(payload("", "5ABC12", "5ABC1234", "IABC123", "5ABC12İ", "5ABC12٣"), PATHS, MADE) == NOBODY
    assert subjects_of(payload("5ABC123"), (SubjectPath(("m", "fin")),), MADE) == NOBODY


def test_of_very_many_a_record_says_how_many_are_left_out() -> None:
    fins = [f"{number:07d}" for number in range(MOST + 1)]
    assert subjects_of(payload(*fins[:MOST]), PATHS, MADE)[1] is None
    subject, unnamed = subjects_of(payload(*fins, *fins), PATHS, MADE)
    assert (len(subject.split(" ")), subject.split(" ")[-1], unnamed) == (MOST + 1, MANY, 1)
