"""The kinds of services: what each asks and answers, as fields with names in both languages.

The twenty services of the published list have kinds of their own, or one with their like; all others share a general
one.  The contracts themselves were never published: these are what such a service would plainly ask for.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Type:
    """A type of text: its XSD base, a pattern ("" for none), and what it is called in Azerbaijani and English."""

    base: str
    pattern: str
    az: str
    en: str


TYPES: Final = {
    "Fin": Type("xs:string", "[0-9A-HJ-NP-Z]{7}", "fərdi identifikasiya nömrəsi", "personal identification number"),
    "Voen": Type("xs:string", "[0-9]{10}", "vergi ödəyicisinin eyniləşdirmə nömrəsi", "taxpayer's number"),
    "Ssn": Type("xs:string", "[0-9]{13}", "sosial sığorta nömrəsi", "social insurance number"),
    "Phone": Type("xs:string", r"\+994[0-9]{9}", "telefon nömrəsi", "telephone number"),
    "Imei": Type("xs:string", "[0-9]{15}", "mobil cihazın IMEI kodu", "IMEI code of a mobile device"),
    "Application": Type("xs:string", "[A-Z]{2}[0-9]{8}", "ərizənin nömrəsi", "number of an application"),
    "Account": Type("xs:string", "[0-9]{7,12}", "abonent kodu", "subscriber's account"),
    "Number": Type("xs:string", "[A-Z]{1,3}-[0-9]{6}", "sənədin nömrəsi", "number of a document"),
    "Email": Type("xs:string", "[a-z0-9.]{1,40}@[a-z0-9.]{1,40}", "elektron poçt", "electronic mail"),
    "Text": Type("xs:string", "", "mətn", "text"),
    "Date": Type("xs:date", "", "tarix", "date"),
    "Money": Type("xs:decimal", "", "məbləğ, manat", "amount in manat"),
    "Count": Type("xs:nonNegativeInteger", "", "say", "count"),
    "Flag": Type("xs:boolean", "", "əlamət", "yes or no"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One element: its name, the name of its type, and what it means in both languages."""

    name: str
    type: str
    az: str
    en: str


@dataclass(frozen=True, slots=True)
class Part:
    """A request or an answer: single fields, then rows of which there may be any number."""

    fields: tuple[Field, ...]
    row: str
    rows: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a service does: the operation's name, which its elements are named after, and both messages."""

    operation: str
    request: Part
    answer: Part

    @property
    def asked(self) -> str:
        """Local name of the request's element."""
        return self.operation

    @property
    def answered(self) -> str:
        """Local name of the answer's element."""
        return f"{self.operation}Response"


def _fields(text: str) -> tuple[Field, ...]:
    """Fields from lines of ``name Type: in Azerbaijani / in English``."""
    fields = []
    for line in text.strip().splitlines():
        head, _, names = line.strip().partition(":")
        name, kind = head.split()
        az, en = (each.strip() for each in names.split("/"))
        fields.append(Field(name, kind, az, en))
    return tuple(fields)


_FIN: Final = "fin Fin: vətəndaşın FİN-i / the citizen's FIN"
_EMPLOYER: Final = "employer Voen: işəgötürənin VÖEN-i / the employer's taxpayer number"
_DOCUMENTS: Final = (
    "document",
    _fields(
        """
        number Number: əsas sənədin nömrəsi / number of the supporting document
        issued Date: verilmə tarixi / date of issue
        issuer Text: sənədi verən orqan / issuing body
        """
    ),
)
_LINES: Final = (
    "entry",
    _fields(
        """
        number Number: qeydin nömrəsi / number of the entry
        made Date: qeydin tarixi / date of the entry
        content Text: qeydin məzmunu / content of the entry
        inForce Flag: qüvvədədirmi / whether it is in force
        """
    ),
)
_STATUS: Final = """
    status Text: müraciətin vəziyyəti / state of the request
    decided Date: cavabın tarixi / date of the answer
    """
_CONTRACT: Final = (
    "contract",
    _fields(
        f"""
        number Number: əmək müqaviləsinin nömrəsi / number of the employment contract
        {_EMPLOYER}
        position Text: vəzifə / position
        began Date: qüvvəyə minmə tarixi / in force from
        salary Money: aylıq əmək haqqı / monthly salary
        """
    ),
)
_INSURED: Final = (
    "insured",
    _fields(
        """
        ssn Ssn: sığortaolunanın SSN-i / the insured person's number
        days Count: günlərin sayı / number of days
        amount Money: müavinətin məbləği / amount of the benefit
        """
    ),
)
_PERIODS: Final = (
    "period",
    _fields(
        f"""
        {_EMPLOYER}
        from Date: dövrün əvvəli / beginning of the period
        until Date: dövrün sonu / end of the period
        contribution Money: sığorta haqqı / contribution paid
        """
    ),
)


def _kind(operation: str, request: str, answer: str, rows: tuple[str, tuple[Field, ...]], asked: object = None) -> Kind:
    """A kind; its request's rows are supporting documents unless ``asked`` says otherwise."""
    of_request = asked if isinstance(asked, tuple) else _DOCUMENTS
    return Kind(operation, Part(_fields(request), *of_request), Part(_fields(_STATUS + answer), *rows))


def _benefit(operation: str) -> Kind:
    request = f"""
        {_EMPLOYER}
        month Date: hesabat ayı / month of account
        """
    return _kind(operation, request, "total Money: cəmi məbləğ / total amount", _LINES, _INSURED)


_TOP: Final = (
    _kind(
        "RegisterEmploymentContract",
        _FIN,
        "notice Number: bildirişin nömrəsi / number of the notice",
        _CONTRACT,
        _CONTRACT,
    ),
    _kind(
        "SubmitCandidateApplication",
        _FIN + "\nphone Phone: əlaqə telefonu / contact telephone",
        "application Application: ərizənin nömrəsi / number of the application",
        _LINES,
        (
            "choice",
            _fields(
                """
                speciality Number: ixtisasın kodu / code of the speciality
                school Text: ali məktəb / university
                """
            ),
        ),
    ),
    _kind(
        "FindTelephone",
        "phone Phone: axtarılan nömrə / number looked for",
        "operator Text: operator / operator",
        _LINES,
    ),
    _kind("ListEmploymentContracts", _FIN, "ssn Ssn: SSN / social insurance number", _CONTRACT),
    _kind(
        "GetAdmissionSlip",
        "application Application: ərizənin nömrəsi / number of the application",
        "place Text: imtahan yeri / place of the examination",
        _LINES,
    ),
    _kind(
        "RegisterMobileDevice",
        f"imei Imei: cihazın IMEI kodu / IMEI of the device\n{_FIN}\nphone Phone: nömrə / number in use",
        "registration Number: qeydiyyat nömrəsi / number of the registration",
        _LINES,
    ),
    _kind(
        "CheckImei",
        "imei Imei: yoxlanılan kod / code to be checked",
        "registered Flag: qeydiyyatdadırmı / whether registered",
        _LINES,
    ),
    _kind(
        "GetExaminationResults",
        "application Application: iş nömrəsi / number of the work",
        "score Count: ümumi bal / total score",
        (
            "subject",
            _fields(
                """
                name Text: fənn / subject
                right Count: düzgün cavablar / right answers
                wrong Count: səhv cavablar / wrong answers
                score Money: bal / score
                """
            ),
        ),
    ),
    _kind("RegisterInsuredPerson", f"{_FIN}\n{_EMPLOYER}", "ssn Ssn: verilmiş SSN / number given", _PERIODS),
    _kind(
        "PayUtilityFee",
        "account Account: abonent kodu / subscriber's account\namount Money: ödənilən məbləğ / amount paid",
        "receipt Number: qəbzin nömrəsi / number of the receipt",
        _LINES,
    ),
    _kind(
        "RegisterPortalUser",
        f"{_FIN}\nphone Phone: mobil telefon / mobile telephone\nemail Email: elektron poçt / electronic mail",
        "user Number: istifadəçinin nömrəsi / number of the user",
        _LINES,
    ),
    _benefit("SubmitIncapacitySchedule"),
    _kind("GetInsuredPerson", "ssn Ssn: SSN / social insurance number", "total Money: cəmi / total", _PERIODS),
    _kind("GetWorkplaceCertificate", _FIN, "certificate Number: arayışın nömrəsi / certificate's number", _CONTRACT),
    _kind("GetPersonalCertificate", _FIN, "certificate Number: arayışın nömrəsi / certificate's number", _LINES),
    _benefit("SubmitChildcareSchedule"),
    _benefit("SubmitChildbirthSchedule"),
    _benefit("SubmitMaternitySchedule"),
    _kind(
        "PaySocialInsurance",
        f"{_EMPLOYER}\namount Money: ödənilən məbləğ / amount paid\nmonth Date: dövr / month paid for",
        "receipt Number: qəbzin nömrəsi / number of the receipt",
        _LINES,
    ),
    _kind(
        "CalculatePension",
        "ssn Ssn: SSN / social insurance number\nborn Date: doğum tarixi / date of birth",
        "pension Money: aylıq pensiya / monthly pension",
        _PERIODS,
    ),
)
_GENERIC: Final = _kind(
    "SubmitRequest", _FIN + "\nsubject Text: müraciətin mövzusu / subject of the request", "", _LINES
)


def top_kind(rank: int) -> tuple[Kind, str]:
    """The kind of a service of the published list (``rank`` 1 to 20), and the code it is registered under."""
    kind = _TOP[rank - 1]
    return kind, kind.operation


def generic_kind() -> Kind:
    """The kind of all others: an application about a subject, with supporting documents; entries in return."""
    return _GENERIC
