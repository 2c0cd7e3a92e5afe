"""Names as sets of word stems, so that two names of one thing are found alike: letters folded, endings taken off.

Azerbaijani in any spelling that is in use (with ə or e, with Cyrillic letters that look alike), English, and the
names of elements and operations in camel case.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans(
    # Azerbaijani letters, and the dotless i before lower-casing would part it from the dotted one
    {"ə": "e", "Ə": "e", "ş": "s", "Ş": "s", "ç": "c", "Ç": "c", "ğ": "g", "Ğ": "g", "ö": "o", "Ö": "o", "ü": "u"}
    | {"Ü": "u", "ı": "i", "İ": "i", "I": "i", "â": "a"}
    # Cyrillic letters that look like Latin ones
    | dict(zip("аеорсухіјѕкмтнвһә", "aeopcyxijskmthbhe", strict=True))
    | dict(zip("АЕОРСУХІЈЅКМТНВҺӘ", "aeopcyxijskmthbhe", strict=True))
    | dict(zip("өүғҹӨҮҒҸ", "ougcougc", strict=True))
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[a-z0-9]+")
# Words that say nothing of the thing named; folded.
_SAY_NOTHING: Final = """
ve ile uzre haqqinda barede bu gore dair aid olan olunmus vasitesile yaninda ucun terefinden hemcinin ya da
of the for and a an by through on in to with from about at its or
service query request response get xidmet sistemi system
"""
STOP_WORDS: Final = frozenset(_SAY_NOTHING.split())
# Azerbaijani endings of number, possession and case, and English ones, folded.
_ALL_ENDINGS: Final = """
larinin lerinin larina lerine larinda lerinde larindan lerinden larini lerini larin lerin lari leri lar ler
sinin sina sine sinda sinde sindan sinden sini inin unun ina ine unda inda inde indan inden unu ini nin nun
dan den nda nde da de na ne ya ye ni nu in un si su i u a e
ations ation ments ment ings ing ies es ed s
"""
# The longest that fits goes first.
_ENDINGS: Final = tuple(sorted(_ALL_ENDINGS.split(), key=lambda ending: (-len(ending), ending)))
_SHORTEST: Final = 4  # letters that a stem keeps
_MOST_ENDINGS: Final = 3


def folded(text: str) -> str:
    """``text`` in Latin lower-case letters without marks, words apart by one blank."""
    parted = _CAMEL.sub(" ", text)
    plain = unicodedata.normalize("NFD", parted.translate(_LETTERS).lower())
    return " ".join(_WORD.findall(plain))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded word without its endings."""
    for _ in range(_MOST_ENDINGS):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
                word = word.removesuffix(ending)
                break
        else:
            break
    return word


def stems(text: str) -> frozenset[str]:
    """The stems of a name's words, without those that say nothing; all of them, where nothing else is left."""
    words = folded(text).split()
    telling = [word for word in words if word not in STOP_WORDS and len(word) > 1]
    return frozenset(map(stem, telling or words))


def trigrams(text: str) -> frozenset[str]:
    """Every three letters in a row of a folded text, its ends marked: what a slip of the pen leaves mostly alike."""
    plain = f" {folded(text)} "
    return frozenset(plain[place : place + 3] for place in range(len(plain) - 2))
