"""Our three generated documents hold every fact of the published contracts."""

import pytest

from entrepot.edge.openapi import document

from . import Contract, konvo, polinate, synq
from .compare import differences


@pytest.mark.parametrize(
    "contract",
    [polinate.CONTRACT, konvo.CONTRACT, synq.CONTRACT],
    ids=lambda contract: contract.dialect,
)
def test_document_states_every_fact_of_its_contract(contract: Contract) -> None:
    found = differences(document(contract.dialect), contract)

    assert found == [], "\n".join(["the document differs from its contract:", *found])
