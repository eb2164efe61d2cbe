"""A notice: one notification of a payment service, for one of the references that it names."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, by

NoticeKey = tuple[int, str, str, str]  # organization, service, reference, the notification's id


class Topics(NamedTuple):
    """What a notification tells of. The topics say which steps are woken; the service is asked for
    everything else.
    """

    money: bool = False  # money is held, or was taken
    failure: bool = False  # a capture or a refund failed, perhaps after it was done
    dispute: bool = False  # money that was taken is disputed, or no longer
    hold: bool = False  # held money was taken or let go, or a hold has ended
    refund: bool = False  # money that was taken was given back


class Notice(NamedTuple):
    """A notification as it was signed, kept under a reference. Times are microseconds UTC."""

    org: int
    service: str
    reference: str  # what the notification names: the service's reference, or an order's id
    event: str  # the service's id of the notification, the same for every repeat
    received_at: int
    heard_at: int  # when a step that waited was woken for it; 0: no step was yet
    body: bytes  # as it was sent and signed
    of_money: bool = False  # of the topic `money`
    disputed: bool = False  # of the topic `dispute`: such a notice stays in the book


NOTICES: Kind[NoticeKey, Notice] = Kind(
    "notice", Notice, by(Notice, "org", "service", "reference", "event"), guard="heard_at"
)
