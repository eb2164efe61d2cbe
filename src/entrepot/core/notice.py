"""A notice: one notification of a payment service, for one of the references that it names."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, by

NoticeKey = tuple[int, str, str, str]  # organization, service, reference, the notification's id


class Notice(NamedTuple):
    """A notification as it was signed, kept under a reference. Times are microseconds UTC."""

    org: int
    service: str
    reference: str  # what the notification names: the service's reference, or an order's id
    event: str  # the service's id of the notification, the same for every repeat
    received_at: int
    heard_at: int  # when a step that waited was woken for it; 0: no step was yet
    body: bytes  # as it was sent and signed
    of_money: bool = False  # it tells that money is held or was taken
    disputed: bool = False  # it tells of a dispute, or of its end: such a notice stays in the book


NOTICES: Kind[NoticeKey, Notice] = Kind(
    "notice", Notice, by(Notice, "org", "service", "reference", "event"), guard="heard_at"
)
