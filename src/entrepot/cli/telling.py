"""How the operator tells something of an organization: by a command, through the writer."""

from __future__ import annotations

from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.cli.writing import results
from entrepot.core import actor
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.set_up import SetOrderSource, TakePaymentSecret
from entrepot.core.refusal import Refusal
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope

Told = ChangeSettings | RunStock | SetOrderSource | TakePaymentSecret


def changed(org: str, wanted: Told, by: str) -> str:
    """The name of the organization, once the command is done for it. `by`: the command line's own.

    Raises OperatorError where the organization is unknown or the command is refused.
    """

    async def work(database: Database) -> str:
        found = await database.read(lambda conn: organization(conn, org))
        command = wanted._replace(org=found.org)
        [result] = await results(database, [Envelope(command, actor=actor.operator(by))])
        if isinstance(result, Refusal):
            raise OperatorError(result.sentence)
        return found.name

    return on_book(work, must_exist=True)
