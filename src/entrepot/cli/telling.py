"""How the operator tells something of an organization: by a command, through the writer."""

from __future__ import annotations

from entrepot import settings
from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.cli.writing import make_writer
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
        writer = make_writer(database, settings.load())
        command = wanted._replace(org=found.org)
        outcome = await writer.submit(Envelope(command, actor=actor.operator(by)))
        if isinstance(outcome.result, Refusal):
            raise OperatorError(outcome.result.sentence)
        return found.name

    return on_book(work, must_exist=True)
