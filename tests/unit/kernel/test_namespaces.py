"""Namespaces: each URI once, none of them relative (a relative one has no canonical form)."""

from urllib.parse import urlsplit

from esb.kernel import namespaces

URIS = {name: value for name, value in vars(namespaces).items() if name.isupper() and isinstance(value, str)}


def test_no_uri_has_two_names():
    assert len(set(URIS.values())) == len(URIS)


def test_every_uri_is_absolute_and_without_blanks():
    assert [name for name, uri in URIS.items() if not urlsplit(uri).scheme or uri.split() != [uri]] == []


def test_the_ones_that_are_easily_mistaken():
    assert namespaces.XML == "http://www.w3.org/XML/1998/namespace"
    assert namespaces.SOAP11.endswith("/soap/envelope/")  # with its last slash
    assert not namespaces.SOAP12.endswith("/")
    assert namespaces.SHA384 == "http://www.w3.org/2001/04/xmldsig-more#sha384"  # not xmlenc#, as SHA-256 and SHA-512
    assert namespaces.EXC_C14N.endswith("#")
