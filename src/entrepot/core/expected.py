"""The state in which whoever sends a change expects the thing: another state refuses the change."""

from __future__ import annotations

from typing import Final, NamedTuple

_SECOND: Final = 1_000_000  # microseconds


class Expected(NamedTuple):
    """What a request says of the thing that it changes, by RFC 9110, sections 13.1.1 and 13.1.4."""

    # Revisions, such as core.order.revision, one of which the thing must have; None: any will do.
    revisions: frozenset[str] | None = None
    # The second, since the epoch, after which the thing must not have changed; None: it may have.
    unmodified_since: int | None = None

    def met_by(self, revision: str, updated_at: int) -> bool:
        """Whether a thing of this revision, last changed at this microsecond, is as expected."""
        if self.revisions is not None and revision not in self.revisions:
            return False
        since = self.unmodified_since
        return since is None or updated_at // _SECOND <= since


ANY: Final = Expected()
