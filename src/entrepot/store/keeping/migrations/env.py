"""Alembic's environment: it runs on the connection that store.migrate hands it."""

from typing import Any

from alembic import context

from entrepot import failpoints
from entrepot.store.schema import metadata

connection = context.config.attributes["connection"]


def _stepped(*_: Any, **_named: Any) -> None:
    failpoints.reached("migrate.step")


context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    on_version_apply=_stepped,
)
with context.begin_transaction():
    context.run_migrations()
