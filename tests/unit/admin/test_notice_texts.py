"""Texts of notices: every topic in every language, and no fact that breaks out of its line."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.admin.notice_texts import LABELS, LANGUAGES, SENTENCES, SUBJECTS, Language, code_text, notice_text
from esb.registry.notices import Topic

HOSTILE = "x\r\nBcc: y@z.example\n\x1b[2J<script>{thing}{0.__class__}%s\u202e\u2028"


@pytest.mark.parametrize(("topic", "language"), itertools.product(Topic, LANGUAGES))
def test_every_topic_speaks_every_language(topic: Topic, language: Language) -> None:
    facts = dict.fromkeys(LABELS, "fact") | {"starts_at": 1_764_000_000.0, "late": True, "services": None}
    text = notice_text(topic, "service:DIN/IAMAS/PersonQuery/v1", facts, language)
    assert "DIN/IAMAS/PersonQuery/v1" in text.subject
    assert "2025-11-24 16:00 UTC" in text.body
    assert text.body.count(": fact") == len(LABELS) - 3
    assert "{" not in text.subject + text.body
    other = LANGUAGES[1 - LANGUAGES.index(language)]
    assert text.body != notice_text(topic, "service:DIN/IAMAS/PersonQuery/v1", facts, other).body


def test_there_is_a_text_for_each_topic_and_no_other() -> None:
    assert set(SUBJECTS) == set(SENTENCES) == set(Topic)
    assert all(az and en and az != en for az, en in (*SUBJECTS.values(), *SENTENCES.values()))


@pytest.mark.parametrize(("topic", "language"), itertools.product(Topic, LANGUAGES))
def test_no_fact_breaks_out(topic: Topic, language: Language) -> None:
    text = notice_text(
        topic, f"member:{HOSTILE}", {"reason": HOSTILE, HOSTILE: [HOSTILE], "x": {HOSTILE: HOSTILE}}, language
    )
    assert "\n" not in text.subject
    assert "\r" not in text.subject + text.body
    assert text.body.count("\n") == 5, "the sentence, an empty line, and a line for each fact"
    assert all(letter.isprintable() or letter == "\n" for letter in text.body)


@given(st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text()))
def test_any_fact_has_a_text(about: str, facts: dict[str, object]) -> None:
    text = notice_text(Topic.OUTAGE, about, facts, "az")
    assert text.subject.isprintable()
    assert text.body.count("\n") <= len(facts) + 2


def test_maintenance_of_everything_and_announced_in_time() -> None:
    body = notice_text(Topic.MAINTENANCE, "maintenance:1", {"services": None, "late": False, "reason": ""}, "en").body
    assert "services: all" in body
    assert "two days" not in body
    assert "reason" not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_and_what_to_do_with_it(language: Language) -> None:
    text = code_text("0f8e2b6c", 3, "DIN", language)
    assert "esb notice verify 3 0f8e2b6c" in text.body
    assert "DIN" in text.body
