"""Any path is read back as it was written, and reads of any tree what an XPath of the same meaning reads."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esb.kernel.subjects import PathInvalid, SubjectPath, parse_path, path_in_full, values_at

_LOCAL = st.sampled_from(["a", "b", "Fin"])
_NAMESPACE = st.sampled_from(["", "urn:x", "urn:y/z"])
_NAME = st.builds(lambda space, local: f"{{{space}}}{local}" if space else local, _NAMESPACE, _LOCAL)
_PATHS = st.builds(
    SubjectPath, st.lists(_NAME, min_size=1, max_size=4).map(lambda names: ("a", *names[1:])), st.none() | _NAME
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 0):  # type: ignore[no-untyped-def]
    element = etree.Element("a" if depth == 0 else draw(_NAME))
    for name in draw(st.lists(_NAME, max_size=2)):
        element.set(name, draw(_LOCAL))
    element.text = draw(st.sampled_from(["", "5ABC123", "x"]))
    for _ in range(draw(st.integers(0, 3)) if depth < 3 else 0):
        element.append(draw(trees(depth + 1)))
    return element


def _xpath(path: SubjectPath) -> str:
    def test(name: str) -> str:
        space, _, local = name.rpartition("}")
        return f'*[local-name()="{local}" and namespace-uri()="{space[1:]}"]'

    steps = "/".join(map(test, path.steps))
    return f"/{steps}" if path.attribute is None else f"/{steps}/@{test(path.attribute)}"


@given(_PATHS)
def test_a_path_is_read_back(path: SubjectPath) -> None:
    assert path_in_full(path.text) == path


@given(st.text(st.sampled_from("ab@/{}:.-_*[ ş1"), max_size=12))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with suppress(PathInvalid):
        steps = parse_path(text)
        assert len(steps) == text.count("/") - sum((step.namespace or "").count("/") for step in steps) + 1


@given(trees(), _PATHS)
def test_it_reads_what_an_xpath_reads(tree, path: SubjectPath) -> None:  # type: ignore[no-untyped-def]
    wanted = etree.ElementTree(tree).xpath(_xpath(path))
    texts = [
        str(each) if path.attribute is not None else (each.text or "") + "".join(child.tail or "" for child in each)
        for each in wanted
    ]
    assert values_at(tree, (path,)) == texts
