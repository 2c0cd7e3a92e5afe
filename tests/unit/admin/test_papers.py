"""Papers are archived along with the act that stands on them."""

import hashlib

import pytest
from unit.admin.conftest import NOW, Office

from esb.admin.papers import Paper, filed
from esb.registry.acts import acting
from esb.registry.database import reading
from esb.registry.documents import get_document
from esb.registry.errors import NotFound


def test_a_paper_is_archived_and_then_known_by_its_digest(office: Office) -> None:
    digest = hashlib.sha256(b"a letter").hexdigest()
    with acting(office.engine, "leyla", NOW) as act:
        assert filed(act, None) is None
        with pytest.raises(NotFound, match=digest):
            filed(act, Paper(digest))
        assert filed(act, Paper("letter.txt", b"a letter", "text/plain")) == digest
        assert filed(act, Paper(digest)) == digest
    with reading(office.engine) as session:
        assert get_document(session, digest).content == b"a letter"
