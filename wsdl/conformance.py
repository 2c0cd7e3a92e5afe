"""A contract judged by the whole of WS-I Basic Profile that can be told from its documents."""

from esb.kernel.contract import Contract
from esb.wsdl.profile import Breach, describe
from esb.wsdl.profile_bindings import judge_bindings, judge_messages, judge_port_types
from esb.wsdl.profile_documents import judge_documents, judge_schemas

JUDGES = (judge_documents, judge_schemas, judge_messages, judge_port_types, judge_bindings)
"""Who judges, in the order in which breaches are told."""


def breaches(contract: Contract) -> tuple[Breach, ...]:
    """Every breach of the profile in a contract or a closed set: none when it conforms.

    Raises:
        ContractRefused: a document cannot be parsed.
    """
    description = describe(contract)
    return tuple(dict.fromkeys(found for judge in JUDGES for found in judge(description)))
