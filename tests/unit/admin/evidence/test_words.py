"""What a proof says is said in both languages, for every step that there is."""

from esb.admin.evidence.verify import _TAKEN
from esb.admin.evidence.words import LANGUAGES, STEPS


def test_every_step_has_its_words_in_both_languages() -> None:
    assert list(STEPS) == list(_TAKEN)
    for words in STEPS.values():
        for language in LANGUAGES:
            assert words.text(language).endswith(".")
            assert words.meaning(language).endswith(".")
        assert words.text("az") != words.text("en")
