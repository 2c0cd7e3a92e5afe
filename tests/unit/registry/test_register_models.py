"""A list of documents does not read their contents."""

from sqlalchemy import select

from esb.registry.register_models import DocumentRow


def test_a_document_is_looked_at_without_its_content() -> None:
    assert "documents.content" not in str(select(DocumentRow))
