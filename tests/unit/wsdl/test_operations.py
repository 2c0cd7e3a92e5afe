"""What one operation may and may not be."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.read import interface_of
from esb.wsdl.refuse import ContractRefused

Read = Callable[..., Contract]
Wsdl = Callable[..., str]


def operation(abstract: str, bound: str) -> dict[str, str]:
    return {
        "abstract": f'<wsdl:operation name="Do">{abstract}</wsdl:operation>',
        "bound": f'<wsdl:operation name="Do">{bound}</wsdl:operation>',
    }


LITERAL = '<soap:body use="literal"/>'
BOTH = '<wsdl:input message="t:Ask"/><wsdl:output message="t:Answer"/>'
BOUND_BOTH = f"<wsdl:input>{LITERAL}</wsdl:input><wsdl:output>{LITERAL}</wsdl:output>"


@pytest.mark.parametrize(
    ("abstract", "bound", "reason"),
    [
        (BOTH, f'<soap:operation style="rpc"/>{BOUND_BOTH}', "style 'rpc'.*document/literal"),
        (BOTH, BOUND_BOTH.replace("literal", "encoded", 1), "use 'encoded'"),
        (BOTH, BOUND_BOTH.replace("/>", ' encodingStyle="urn:e"/>', 1), "without encodingStyle"),
        (BOTH, "<wsdl:input/><wsdl:output/>", "no soap:body"),
        (BOTH, f"<wsdl:input>{LITERAL}</wsdl:input>", "nothing of its output"),
        (BOTH, "<wsdl:input><mime:multipartRelated/></wsdl:input>" + BOUND_BOTH[BOUND_BOTH.index("<wsdl:o") :], "MIME"),
        ('<wsdl:output message="t:Answer"/>', BOUND_BOTH, "notification"),
        ('<wsdl:output message="t:Answer"/><wsdl:input message="t:Ask"/>', BOUND_BOTH, "solicit-response"),
        (BOTH, BOUND_BOTH.replace("<soap:body", '<soap:body parts="none"', 1), "parts names 'none'"),
    ],
)
def test_refused(read: Read, wsdl: Wsdl, abstract: str, bound: str, reason: str) -> None:
    with pytest.raises(ContractRefused, match=reason):
        read(wsdl(**operation(abstract, bound)))


def test_parts_of_types_and_several_parts(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    typed = parts.messages.replace('element="t:ask"', 'type="xs:string"')
    with pytest.raises(ContractRefused, match="has type; document/literal needs element="):
        read(wsdl(messages=typed))
    two = parts.messages.replace('element="t:ask"/>', 'element="t:ask"/><wsdl:part name="b" element="t:wrong"/>', 1)
    with pytest.raises(ContractRefused, match="2 parts"):
        read(wsdl(messages=two))
    one = parts.bound.replace("<soap:body", '<soap:body parts="b"', 1)
    assert read(wsdl(messages=two, bound=one)).operations[0].input == "{urn:t}wrong"


def test_a_header_part_of_the_same_message_is_not_the_body(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    two = parts.messages.replace('element="t:ask"/>', 'element="t:ask"/><wsdl:part name="h" element="t:wrong"/>', 1)
    bound = parts.bound.replace(LITERAL, f'{LITERAL}<soap:header message="t:Ask" part="h" use="literal"/>', 1)
    contract = read(wsdl(messages=two, bound=bound))
    assert contract.operations[0].input == "{urn:t}ask"
    (header,) = interface_of(contract).operations[0].input.headers
    assert (header.message, header.part.element) == ("Ask", "{urn:t}wrong")


def test_empty_bodies_and_one_way(read: Read, wsdl: Wsdl) -> None:
    empty = operation('<wsdl:input message="t:Nothing"/><wsdl:output message="t:Nothing"/>', BOUND_BOTH)
    (found,) = read(wsdl(**empty)).operations
    assert (found.input, found.output) == ("", "")
    one_way = operation('<wsdl:input message="t:Ask"/>', f"<wsdl:input>{LITERAL}</wsdl:input>")
    (found,) = read(wsdl(**one_way)).operations
    assert (found.input, found.output, found.output_action) == ("{urn:t}ask", None, "")
    assert found.actions == {"urn:t:T:Do"}


def test_declared_faults(read: Read, wsdl: Wsdl) -> None:
    fault = '<wsdl:fault name="f" message="t:Wrong"/>'
    bound = f'{BOUND_BOTH}<wsdl:fault name="f"><soap:fault name="f" use="literal"/></wsdl:fault>'
    assert read(wsdl(**operation(BOTH + fault, bound))).faults == {"Do": ("{urn:t}wrong",)}
    with pytest.raises(ContractRefused, match="use 'encoded'"):
        read(wsdl(**operation(BOTH + fault, bound.replace('name="f" use="literal"', 'name="f" use="encoded"'))))
    with pytest.raises(ContractRefused, match="fault 'f' has 0 parts"):
        read(wsdl(**operation(BOTH + '<wsdl:fault name="f" message="t:Nothing"/>', BOUND_BOTH)))


@pytest.mark.parametrize("prefix", ["wsam", "wsaw"])
def test_explicit_actions_take_the_place_of_the_default(read: Read, wsdl: Wsdl, prefix: str) -> None:
    abstract = BOTH.replace('"t:Ask"', f'"t:Ask" {prefix}:Action="urn:do"')
    (found,) = read(wsdl(**operation(abstract, BOUND_BOTH))).operations
    assert found.actions == {"urn:do"}
