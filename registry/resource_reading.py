"""Reading an entry that somebody wrote: every field is checked, and all that is wrong or missing is told at once."""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeVar

from esb.kernel import names
from esb.kernel.names import NameInvalid, ServiceId
from esb.registry.checks import lawful_text
from esb.registry.documents import lawful_digest, lawful_file_name
from esb.registry.errors import Invalid
from esb.registry.resource_entry import (
    Attachment,
    Categories,
    DataElement,
    Entry,
    Exchange,
    FinUse,
    Hosting,
    Name,
    Operator,
    Register,
)

_MOST_LISTED: Final = 200
_MOST_ELEMENTS: Final = 2_000
_MOST_SUBJECTS: Final = 10_000_000_000
_FIELD: Final = re.compile(r"[.:\[]")

_Word = TypeVar("_Word", bound=Enum)
_Item = TypeVar("_Item")


class EntryRefused(Invalid):
    """An entry cannot stand in its register; ``problems`` says each reason, with the field's name in front."""

    def __init__(self, code: str, problems: tuple[str, ...]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The entry {code[:160]} cannot stand in the register; put right:\n{listed}")
        self.problems = problems


def read_entry(document: object) -> Entry:
    """Return the entry that a document (of JSON or TOML) describes.

    The document's fields are those of :func:`esb.registry.resource_entry.document_of`.  What an entry may leave out,
    a document may leave out; ``owner`` is the code's member where it is not given.

    Raises:
        EntryRefused: with everything that is wrong or missing.
    """
    if not isinstance(document, Mapping):
        raise EntryRefused("without a code", ("the document: is not a table of fields",))
    problems: list[str] = []
    form = _Form(document, "", problems)
    code = form.take("code", _code, "")
    fin, hosting, categories = form.part("fin"), form.part("hosting"), form.part("categories")
    entry = Entry(
        register=form.word("register", Register, None) or Register.INFORMATION,
        code=code,
        name=_name(form.part("name", needed=True)),
        owner=form.take("owner", _member, None, needed=False) or code.partition("/")[0],
        operator=_operator(form),
        legal_basis=form.texts("legal_basis"),
        purpose=form.take("purpose", _text, ""),
        categories=Categories(categories.texts("ordinary"), categories.texts("personal"), categories.texts("special")),
        elements=form.listed("elements", _element, _MOST_ELEMENTS),
        subjects=form.take("subjects", _count, None, needed=False),
        protection=form.texts("protection"),
        fin_use=fin.word("use", FinUse, FinUse.NONE),
        fin_conforms=fin.take("conforms", _flag, None, needed=False),
        hosting=hosting.word("kind", Hosting, Hosting.OWN),
        hosting_place=hosting.take("place", _text, None, needed=False),
        exchange=form.words("exchange", Exchange),
        services=form.listed("services", lambda one: one.value(_service), _MOST_LISTED),
        documents=form.listed("documents", _attachment, _MOST_LISTED),
    )
    for part in (form, fin, hosting, categories):
        part.end()
    # A field that could not be read is told once, as such, and not again as missing.
    told = {_field(problem) for problem in problems}
    further = [*_contradictions(entry), *(_missing_of_personal(entry) if entry.register is Register.PERSONAL else ())]
    problems += [problem for problem in further if _field(problem) not in told]
    if problems:
        raise EntryRefused(code or "without a code", tuple(problems))
    return entry


def _field(problem: str) -> str:
    return _FIELD.split(problem, maxsplit=1)[0]


def _missing_of_personal(entry: Entry) -> list[str]:
    """What the register of personal-data information systems demands beyond the other."""
    wanted = {
        "legal_basis": (bool(entry.legal_basis), "name the legal basis on which personal data are processed"),
        "categories": (
            bool(entry.categories.personal or entry.categories.special),
            "name the categories of personal data (personal or special)",
        ),
        "subjects": (entry.subjects is not None, "give the number of people whose data it holds"),
        "protection": (bool(entry.protection), "name the measures that protect the personal data"),
    }
    return [f"{field}: {told}; a personal-data system needs it" for field, (there, told) in wanted.items() if not there]


def _contradictions(entry: Entry) -> list[str]:
    """What does not go together."""
    found = []
    personal = bool(entry.categories.personal or entry.categories.special)
    if entry.fin_use is not FinUse.NONE and not personal:
        found.append("fin.use: FINs are personal data, so categories.personal names a category")
    if not personal and any(element.personal for element in entry.elements):
        found.append("elements: one is personal data, so categories.personal or categories.special names a category")
    if entry.fin_use is FinUse.NONE and entry.fin_conforms is not None:
        found.append("fin.conforms: there are no FINs that could conform; leave it out")
    if entry.services and Exchange.SOAP_BUS not in entry.exchange:
        found.append("exchange: services of the bus are named, so soap-bus is one of the methods")
    if entry.hosting is Hosting.OTHER and entry.hosting_place is None:
        found.append("hosting.place: say where, because hosting.kind is other")
    for what, seen in (
        ("elements", [element.name.az.casefold() for element in entry.elements]),
        ("services", list(entry.services)),
        ("documents", [document.sha256 for document in entry.documents]),
    ):
        twice = sorted({one for one in seen if one and seen.count(one) > 1})
        found += [f"{what}: {one[:80]} stands there twice" for one in twice]
    return found


class _Form:
    """One table of a document, from which fields are taken; what is wrong goes to ``problems``."""

    def __init__(self, value: object, path: str, problems: list[str]) -> None:
        self.problems = problems
        self.path = path
        self._value = value
        self._left: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def value(self, check: Callable[[object], _Item]) -> _Item | None:
        """The whole of it, where it is one value."""
        try:
            return check(self._value)
        except Invalid as error:
            self.problems.append(f"{self.path}: {error}")
            return None

    def take(self, key: str, check: Callable[[object], _Item], otherwise: Any, *, needed: bool = True) -> Any:
        """A field as ``check`` returns it; ``otherwise`` where it is wrong or not there."""
        value = self._left.pop(key, None)
        if value is None:
            if needed:
                self.problems.append(f"{self._at(key)}: is missing")
            return otherwise
        try:
            return check(value)
        except Invalid as error:
            self.problems.append(f"{self._at(key)}: {error}")
            return otherwise

    def word(self, key: str, kind: type[_Word], otherwise: _Word | None) -> Any:
        """A field that is one of an enumeration's words; needed where ``otherwise`` is None."""
        return self.take(key, _word_of(kind), otherwise, needed=otherwise is None)

    def words(self, key: str, kind: type[_Word]) -> tuple[_Word, ...]:
        """A list of an enumeration's words."""
        return tuple(dict.fromkeys(self.listed(key, lambda one: one.value(_word_of(kind)), _MOST_LISTED)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text is a list of one."""
        if isinstance(self._left.get(key), str):
            self._left[key] = [self._left[key]]
        found: tuple[str, ...] = self.listed(key, lambda one: one.value(_text), _MOST_LISTED)
        return tuple(dict.fromkeys(found))

    def listed(self, key: str, read: "Callable[[_Form], _Item | None]", most: int) -> tuple[_Item, ...]:
        """A list, each member read by ``read``."""
        value = self._left.pop(key, None)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            self.problems.append(f"{self._at(key)}: is not a list")
            return ()
        if len(value) > most:
            self.problems.append(f"{self._at(key)}: has {len(value)} members; {most} are the most")
            return ()
        found = (read(_Form(one, f"{self._at(key)}[{place}]", self.problems)) for place, one in enumerate(value, 1))
        return tuple(one for one in list(found) if one is not None)

    def part(self, key: str, *, needed: bool = False) -> "_Form":
        """A table inside this one; an empty one where it is not there."""
        value = self._left.pop(key, None)
        if value is None and needed:
            self.problems.append(f"{self._at(key)}: is missing")
        part = _Form(value, self._at(key), self.problems)
        if value is not None:
            part.is_table()
        return part

    def is_table(self) -> bool:
        """Whether it is a table; tells when it is something else."""
        if isinstance(self._value, Mapping):
            return True
        self.problems.append(f"{self.path}: is not a table of fields")
        return False

    def is_there(self) -> bool:
        """Whether there is a table."""
        return isinstance(self._value, Mapping)

    def end(self) -> None:
        """Nothing else may be there: a misspelt field would be lost without a word."""
        self.problems.extend(f"{self._at(str(key))[:120]}: is not a field of an entry" for key in self._left)


def _name(form: _Form) -> Name:
    if not form.is_there():
        return Name("", "")  # which has been told
    name = Name(form.take("az", _text, ""), form.take("en", _text, ""))
    form.end()
    return name


def _operator(form: _Form) -> Operator | None:
    part = form.part("operator")
    if not part.is_there():
        return None
    member = part.take("member", _member, None, needed=False)
    named = part.part("name")
    name = _name(named) if named.is_there() else None
    part.end()
    if (member is None) == (name is None):
        form.problems.append("operator: give either member (a code) or name (az and en)")
    return Operator(member, name)


def _element(form: _Form) -> DataElement | None:
    if not form.is_table():
        return None
    element = DataElement(
        name=_name(form.part("name", needed=True)),
        type=form.take("type", _text, None, needed=False),
        classifier=form.take("classifier", _text, None, needed=False),
        personal=form.take("personal", _flag, False, needed=False),
        key=form.take("key", _flag, False, needed=False),
    )
    if (element.type is None) == (element.classifier is None):
        form.problems.append(f"{form.path}: give either type or classifier")
    form.end()
    return element


def _attachment(form: _Form) -> Attachment | None:
    if not form.is_table():
        return None
    attachment = Attachment(form.take("sha256", _digest, ""), form.take("name", _file_name, ""))
    form.end()
    return attachment


def _text(value: object) -> str:
    return lawful_text(_string(value), "the text")


def _digest(value: object) -> str:
    return lawful_digest(_string(value))


def _file_name(value: object) -> str:
    return lawful_file_name(_string(value))


def _code(value: object) -> str:
    try:
        code = names.check_client(_string(value))
    except NameInvalid as error:
        raise Invalid(str(error)) from error
    if "/" not in code:
        raise Invalid(f"{code[:80]!r} is not MEMBER/CODE, e.g. DIN/IAMAS")
    return code


def _member(value: object) -> str:
    try:
        return names.check_code(_string(value), "member code")
    except NameInvalid as error:
        raise Invalid(str(error)) from error


def _service(value: object) -> str:
    text = _string(value)
    if text.count("/") == 1:
        return _code(text)
    try:
        return ServiceId.parse(text).text
    except NameInvalid as error:
        raise Invalid(f"{error}, or a system as MEMBER/SYSTEM") from error


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("is not a text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Invalid("is neither true nor false")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_SUBJECTS:
        raise Invalid(f"is not a whole number from 0 to {_MOST_SUBJECTS}")
    return value


def _word_of(kind: type[_Word]) -> Callable[[object], _Word]:
    def word(value: object) -> _Word:
        try:
            return kind(value)
        except ValueError:
            raise Invalid(f"is not one of {', '.join(str(one.value) for one in kind)}") from None

    return word
