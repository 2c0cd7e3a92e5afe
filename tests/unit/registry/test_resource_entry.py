"""An entry and its document are the same, and the document has one form."""

import json

from support.entries import information_resource, personal_system

from esb.registry.resource_entry import canonical, document_of, entry_of
from esb.registry.resource_reading import read_entry


def test_an_entry_comes_back_from_its_document() -> None:
    operator = {"name": {"az": "Milli Mərkəz", "en": "National Centre"}}
    documents = [{"sha256": "0" * 64, "name": "əsasnamə.pdf"}]
    for document in (personal_system(operator=operator, documents=documents), information_resource()):
        entry = read_entry(document)
        assert entry_of(json.loads(canonical(document_of(entry)))) == entry


def test_the_form_does_not_hang_on_how_it_was_written() -> None:
    written = personal_system()
    turned = dict(reversed(list(written.items())))
    assert canonical(document_of(read_entry(written))) == canonical(document_of(read_entry(turned)))


def test_letters_stand_as_they_are() -> None:
    text = canonical({"b": "Şəxsiyyət “ğ”", "a": [1, None, True]})
    assert text == '{"a":[1,null,true],"b":"Şəxsiyyət “ğ”"}'
