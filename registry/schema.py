"""Every table of the registry: whoever needs them all, as migrations do, takes ``Base`` from here.

A module of models is imported below as soon as there is one; its tables would be missing otherwise.
"""

from esb.registry import (
    authority_models,
    contract_models,
    key_models,
    member_models,
    notice_models,
    procedure_models,
    publication_models,
    register_models,
    subject_models,
)
from esb.registry.models import Base

__all__ = [
    "Base",
    "authority_models",
    "contract_models",
    "key_models",
    "member_models",
    "notice_models",
    "procedure_models",
    "publication_models",
    "register_models",
    "subject_models",
]
