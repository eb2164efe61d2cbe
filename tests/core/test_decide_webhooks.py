"""Webhooks: who may send, and what nobody may write over."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book

from entrepot.core.decide.deliver_events import ClaimWebhook, Sent, SettleDeliveries
from entrepot.core.decide.subscribe import (
    ChangeSecret,
    ChangeWebhook,
    MakeWebhook,
    Redeliver,
    RemoveWebhook,
)
from entrepot.core.refusal import Reason
from entrepot.core.results import WebhookResult
from entrepot.core.webhooks import (
    ACTIVE,
    AGAIN_MAX,
    DISABLED,
    GIVE_UP_AFTER,
    WEBHOOKS,
    WEBHOOKS_MAX,
    Webhook,
)

SENT = (Sent(3, "order.placed", 204, None),)


def made(book: Book) -> Webhook:
    url = "https://a.example/"
    result = book.done(MakeWebhook(ORG, "native", url, ("order.placed",), "native", b"s" * 32))
    assert isinstance(result, WebhookResult)
    return result.webhook


def claimed(book: Book, webhook: Webhook) -> Webhook:
    until = book.facts.now + 10**9
    result = book.done(ClaimWebhook(ORG, webhook.id, webhook.version, until))
    assert isinstance(result, WebhookResult)
    return result.webhook


def test_who_sends_to_a_webhook_that_somebody_changed_writes_nothing() -> None:
    book = Book()
    webhook = made(book)
    held = claimed(book, webhook)
    book.done(ChangeWebhook(ORG, "native", webhook.id, url="https://b.example/"))
    late = SettleDeliveries(ORG, webhook.id, held.version, 3, SENT)
    assert book.refused(late).reason is Reason.STALE_LEASE
    taken = ClaimWebhook(ORG, webhook.id, webhook.version, book.facts.now + 10**9)
    assert book.refused(taken).reason is Reason.STALE_LEASE


def test_a_webhook_that_is_held_or_waits_is_not_taken() -> None:
    book = Book()
    held = claimed(book, made(book))
    again = ClaimWebhook(ORG, held.id, held.version, book.facts.now + 10**9)
    assert book.refused(again).reason is Reason.STALE_LEASE
    at = book.facts.now + 10**8
    result = book.done(SettleDeliveries(ORG, held.id, held.version, 2, (), retry_at=at))
    assert isinstance(result, WebhookResult)
    waits = ClaimWebhook(ORG, held.id, result.webhook.version, book.facts.now + 10**9)
    assert book.refused(waits).reason is Reason.STALE_LEASE
    # What somebody asks for again is sent meanwhile, and the wait stays as it is.
    book.done(Redeliver(ORG, held.id, 2))
    sender = claimed(book, result.webhook._replace(version=result.webhook.version + 1))
    once_more = SettleDeliveries(
        ORG, held.id, sender.version, 2, (), (Sent(2, "order.placed", 204, None),), untried=True
    )
    done = book.done(once_more)
    assert isinstance(done, WebhookResult)
    assert (done.webhook.next_at, done.webhook.tries, done.webhook.again) == (at, 1, "")


@pytest.mark.parametrize(("url", "anew"), [("https://b.example/", True), (None, False)])
def test_a_webhook_with_another_address_is_tried_at_once_and_not_given_up(
    url: str | None, anew: bool
) -> None:
    """Only an address that failed for three days is given up, and not one that failed once."""
    book = Book()
    held = claimed(book, made(book))
    begun, wait = book.facts.now, 10**9
    failed = SettleDeliveries(ORG, held.id, held.version, 2, (), retry_at=begun + wait)
    book.done(failed)
    changed = book.done(ChangeWebhook(ORG, "native", held.id, url=url, types=("order.failed",)))
    assert isinstance(changed, WebhookResult)
    assert changed.webhook.waits(begun) is not anew
    book.facts.now = begun + GIVE_UP_AFTER
    held = claimed(book, changed.webhook)
    again = book.done(failed._replace(version=held.version, retry_at=book.facts.now + wait))
    assert isinstance(again, WebhookResult)
    assert again.webhook.state == (ACTIVE if anew else DISABLED)


def test_a_removed_webhook_has_no_secret_and_takes_no_command() -> None:
    book = Book()
    webhook = made(book)
    result = book.done(RemoveWebhook(ORG, "native", webhook.id))
    assert isinstance(result, WebhookResult)
    assert (result.webhook.state, result.webhook.secret) == ("removed", b"")
    for command in (
        RemoveWebhook(ORG, "native", webhook.id), Redeliver(ORG, webhook.id, 1),
        ChangeWebhook(ORG, "native", webhook.id, active=True),
        ChangeSecret(ORG, "native", webhook.id, b"", b"t" * 32),
    ):  # fmt: skip
        assert book.refused(command).reason is Reason.NO_SUCH_ROUTE
    for event in book.facts.events:
        assert "73737373" not in event.body


def test_a_secret_follows_the_one_that_its_maker_saw() -> None:
    """Of two who change it at once one would show a secret that signs nothing."""
    book = Book()
    held = claimed(book, made(book))
    changed = ChangeSecret(ORG, "native", held.id, b"s" * 32, b"t" * 32)
    result = book.done(changed)
    assert isinstance(result, WebhookResult)
    assert (result.webhook.secret, result.webhook.leased_until) == (b"t" * 32, 0)
    event = book.facts.events[-1]
    assert (event.type, "74747474" in event.body) == ("webhook.changed", False)
    refused = book.refused(changed._replace(secret=b"u" * 32))
    assert (refused.reason, "meanwhile" in refused.sentence) == (Reason.ILLEGAL_MOVE, True)
    # Who signs with the secret of before writes nothing over it.
    late = SettleDeliveries(ORG, held.id, held.version, 3, SENT)
    assert book.refused(late).reason is Reason.STALE_LEASE


@pytest.mark.parametrize("kind", ["webhooks", "repeats"])
def test_there_are_bounds(kind: str) -> None:
    book = Book()
    webhook = made(book)
    if kind == "webhooks":
        for _ in range(WEBHOOKS_MAX - 1):
            made(book)
        wanted = MakeWebhook(ORG, "native", "https://a.example/", (), "native", b"s" * 32)
        assert book.refused(wanted).reason is Reason.ILLEGAL_MOVE
        book.done(RemoveWebhook(ORG, "native", webhook.id))
        made(book)
        return
    for number in range(1, AGAIN_MAX + 1):
        book.done(Redeliver(ORG, webhook.id, number))
    assert book.refused(Redeliver(ORG, webhook.id, 999)).reason is Reason.ILLEGAL_MOVE


def test_a_type_that_no_event_has_is_refused_and_the_right_one_is_named() -> None:
    book = Book()
    webhook = made(book)
    url, types = "https://a.example/", ("order.placed", "order.confirmd")
    refused = book.refused(MakeWebhook(ORG, "native", url, types, "native", b"s" * 32))
    assert (refused.reason, refused.field) == (Reason.INVALID, "types[1]")
    assert "did you mean order.confirmed?" in refused.sentence
    refused = book.refused(ChangeWebhook(ORG, "native", webhook.id, types=("*",)))
    assert (refused.reason, refused.field) == (Reason.INVALID, "types[0]")
    assert "docs/events.md" in refused.sentence
    refused = book.refused(MakeWebhook(ORG, "native", url, ("a", *types, "b"), "native", b""))
    assert [one.field for one in (refused, *refused.others)] == [
        "types[0]", "types[2]", "types[3]",
    ]  # fmt: skip


def test_a_webhook_keeps_a_type_that_was_taken_before_types_were_looked_at() -> None:
    book = Book()
    old = made(book)._replace(types="order.shiped")
    book.facts.of(WEBHOOKS).know(old)
    sent_back = ChangeWebhook(ORG, "native", old.id, types=("order.shiped", "stock.low"))
    result = book.done(sent_back)
    assert isinstance(result, WebhookResult)
    assert result.webhook.types == "order.shiped stock.low"
    further = ChangeWebhook(ORG, "native", old.id, types=("order.shiped", "order.packd"))
    assert book.refused(further).field == "types[1]"
