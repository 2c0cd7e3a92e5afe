"""Entries for the registers as people would write them: agencies are real, what is said of their systems is made up."""

from typing import Any


def personal_system(**changes: Any) -> dict[str, Any]:
    """A whole entry of the register of personal-data information systems; ``changes`` replace fields."""
    return {
        "register": "personal-data-systems",
        "code": "DIN/IAMAS",
        "name": {"az": "Şəxsiyyət vəsiqələrinin reyestri", "en": "Register of identity cards"},
        "owner": "DIN",
        "legal_basis": ["Şəxsiyyət vəsiqəsi haqqında qanun", "Fərdi məlumatlar haqqında qanun"],
        "purpose": "Vətəndaşların şəxsiyyətinin təsdiqi",
        "categories": {"ordinary": ["Sənədlərin uçotu"], "personal": ["Kimlik"], "special": ["Biometrik"]},
        "elements": [
            {"name": {"az": "FİN", "en": "FIN"}, "classifier": "fin", "personal": True, "key": True},
            {"name": {"az": "Doğum tarixi", "en": "Date of birth"}, "type": "xs:date", "personal": True},
        ],
        "subjects": 10_000_000,
        "protection": ["Şifrələmə", "İki amilli giriş"],
        "fin": {"use": "key", "conforms": True},
        "hosting": {"kind": "government-cloud", "place": "Hökumət buludu"},
        "exchange": ["portal"],
        **changes,
    }


def information_resource(**changes: Any) -> dict[str, Any]:
    """The least that the register of information resources takes."""
    return {
        "register": "information-resources",
        "code": "DIN/Yollar",
        "name": {"az": "Yol nişanlarının uçotu", "en": "Record of road signs"},
        "purpose": "Yol nişanlarının yerləri",
        **changes,
    }
