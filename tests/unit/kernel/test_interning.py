"""Names made up by a sender do not stay in memory for ever."""

import threading

from lxml import etree

from esb.kernel.interning import forget_names
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

LIMITS = XmlLimits()


def in_a_thread(work):
    """Run ``work`` in a thread of its own, whose dictionary nothing else has filled, and return what it returns."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def names_kept():
    return etree.memory_debugger.dict_size()


def test_a_new_parser_begins_with_an_empty_dictionary():
    def work():
        etree.fromstring(b"<a>" + b"".join(b"<n%d/>" % number for number in range(5000)) + b"</a>", etree.XMLParser())
        before = names_kept()
        forget_names()
        etree.fromstring(b"<a/>", etree.XMLParser())
        return before, names_kept()

    before, after = in_a_thread(work)
    assert before > 5000 > after


def test_made_up_names_are_forgotten_whatever_comes():
    def work():
        most = 0
        for message in range(30):
            names = b"".join(b"<made-up-name-%d-%d/>" % (message, number) for number in range(20_000))
            parse_message(b"<a>" + names + b"</a>", LIMITS)
            most = max(most, names_kept())
        return most

    assert in_a_thread(work) < 30 * 20_000 / 2


def test_long_namespace_names_are_forgotten_too():
    """Few entries, much room: what counts is bytes, not names."""

    def work():
        before = parse_message(b"<r/>", LIMITS)
        for message in range(3):
            parse_message(b'<a xmlns="urn:%d%s"/>' % (message, b"x" * 5_000_000), LIMITS)
        parse_message(b"<made-up/>", LIMITS)
        return before, names_kept()

    assert in_a_thread(work)[1] < 20


def test_documents_outlive_the_dictionary_they_were_parsed_with():
    def work():
        text = b'<a xmlns="urn:a" xmlns:p="urn:p"><p:b c="d">e</p:b></a>'
        kept = parse_message(text, LIMITS)
        forget_names()
        other = etree.fromstring(b"<x><y/></x>", etree.XMLParser())
        other.append(kept[0])  # from one dictionary's document into another's
        del kept
        forget_names()
        return [etree.tostring(other), other.find("{urn:p}b").get("c"), canonicalize(other[1])]

    assert in_a_thread(work) == [
        b'<x><y/><p:b xmlns:p="urn:p" c="d">e</p:b></x>',
        "d",
        b'<p:b xmlns:p="urn:p" c="d">e</p:b>',
    ]


def test_to_forget_again_and_again_harms_nothing():
    def work():
        for _ in range(2000):
            forget_names()
        return parse_message(b"<a/>", LIMITS).tag

    assert in_a_thread(work) == "a"
