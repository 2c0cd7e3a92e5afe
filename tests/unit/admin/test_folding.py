"""Names in any spelling and inflexion come to the same stems."""

import pytest

from esb.admin.folding import folded, stem, stems, trigrams


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Əmək müqaviləsi", "emek muqavilesi"),
        ("İŞ YERİNƏ DAİR ARAYIŞ", "is yerine dair arayis"),
        ("IMEI kodunun", "imei kodunun"),
        ("ıI", "ii"),
        ("Çağırış üzrə", "cagiris uzre"),
        ("Соса", "coca"),  # Cyrillic letters all
        ("getPersonByFIN", "get person by fin"),
        ("birth_date-2", "birth date 2"),
    ],
)
def test_letters_are_folded(text: str, wanted: str) -> None:
    assert folded(text) == wanted


@pytest.mark.parametrize(
    "words",
    [
        ("bildirişlərinin", "bildirişləri", "bildirişlərin"),
        ("məlumatların", "məlumatlar", "məlumatları", "məlumatlardan"),
        ("Namizədlərə", "namizədlərin", "NAMİZƏDLƏR"),
        ("cihazların", "cihazlar"),
        ("candidates", "candidate"),
        ("notices", "notice"),
    ],
)
def test_endings_are_taken_off(words: tuple[str, ...]) -> None:
    assert len({stem(folded(word)) for word in words}) == 1


def test_words_that_say_nothing_are_left_out_unless_nothing_else_is_there() -> None:
    assert stems("Telefon nömrəsi üzrə axtarış") == stems("axtarış telefon nömrəsi")
    assert stems("və üzrə")


def test_a_slip_of_the_pen_leaves_most_letters_alike() -> None:
    one, other = trigrams("Aqrolizinq"), trigrams("Aqroliziq")
    assert len(one & other) / len(one | other) > 0.5
