"""Adyen, spoken to through its official client.

What the client's payment reference may be, and what is done with it:

| reference                        | what is done                                                  |
|----------------------------------|---------------------------------------------------------------|
| ``SHOPPER/STORED-METHOD``        | a payment is made with the stored means of payment of the     |
|                                  | shopper, who is not there to act                              |
| a pspReference (16 characters)   | the payment that the shop's own pages have made is taken over |
|                                  | as Adyen notifies it: Adyen has no way to ask for a payment   |
| anything else                    | is declined, and Adyen is not asked                           |

Adyen does captures, refunds and cancellations later, and tells their outcome by notification alone.
So notifications that are kept are what a look-up goes by: each is signed by Adyen.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import Adyen
from Adyen.httpclient import HTTPClient

from entrepot.providers import adyen_answers as answers
from entrepot.providers.account import Heard
from entrepot.providers.blocking import BoundedSession, Threads
from entrepot.providers.exchange import key_of_now
from entrepot.providers.payment import (
    AuthoriseAnswer,
    Authorised,
    CaptureAnswer,
    Declined,
    Found,
    LookUpAnswer,
    Misconfigured,
    Notification,
    NotSent,
    OperationRequest,
    PaymentRequest,
    Pending,
    RefundAnswer,
    Running,
    ServiceTerms,
    Unknown,
    VoidAnswer,
    Voided,
)

Json = dict[str, Any]
_VERSION = "/v72"
_HOURS, _DAYS = 3600.0, 86_400.0
_PSP = re.compile(r"[A-Z0-9]{16}\Z")
_STORED = re.compile(r"[^/\s]{3,256}/[^/\s]{1,128}\Z")
_NO_LIST = "Adyen has no list of payments to ask for; compare its settlement report"
_NOT_TOLD = "Adyen has not notified the outcome"


class _Http(HTTPClient):  # type: ignore[misc]
    """The HTTP side of Adyen's client: at the account's own address, bounded."""

    def __init__(self, base_url: str, calls_max: int) -> None:
        super().__init__(Adyen.settings.LIB_NAME + "/", Adyen.settings.LIB_VERSION)
        self._base_url = base_url
        self.session = BoundedSession(base_url, calls_max)
        self.request = self._send

    def _send(
        self, method: str, url: str, json: Any = None, xapikey: str = "", headers: Any = None
    ) -> tuple[str, Any, int, Any]:
        sent = {**headers, "x-api-key": xapikey}
        told = self.session.request(method, self._base_url + url, json=json, headers=sent)
        if told.ok:
            told.json()  # the client takes what is no JSON for an answer without members
        return told.text, json, told.status_code, told.headers


class AdyenProvider:
    """`PaymentProvider` for one merchant account at Adyen."""

    name = answers.NAME
    # Keys are kept for a week at least. Without an agreement, one capture ends an authorisation.
    terms = ServiceTerms(24 * _HOURS, 7 * _DAYS, several_captures=False)

    def __init__(self, account: Mapping[str, str], calls_max: int, heard: Heard) -> None:
        """Take the account's members, how many calls may be under way, and what was notified."""
        self._merchant = account["merchant_account"]
        # While a key is changed there are two: what is kept was signed with the old one.
        keys = [one.strip() for one in account["hmac_key"].split(",")]
        self._hmac_keys = tuple(one for one in keys if one)
        client = Adyen.AdyenClient(xapikey=account["api_key"], platform="test")
        self._http = _Http(account["base_url"], calls_max)
        client.http_client, client.http_init = self._http, True
        checkout = Adyen.services.AdyenCheckoutApi(client=client)
        self._payments, self._modifications = checkout.payments_api, checkout.modifications_api
        for api in (self._payments, self._modifications):
            api.baseUrl = _VERSION
        self._heard = heard
        self._threads = Threads("adyen", calls_max)

    async def authorise(self, request: PaymentRequest, known: str | None = None) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`."""
        amount = answers.amount_of(request, request.units)
        if amount is None:
            return answers.too_fine(request)
        if _PSP.match(request.reference):
            return await self._taken_over(request)
        if not _STORED.match(request.reference):
            return Declined(
                "the payment reference is neither a pspReference nor SHOPPER/STORED-METHOD",
                "unknown_reference",
            )
        del known  # a repeat under the key is answered by Adyen as the first request was
        shopper, _, stored = request.reference.partition("/")
        body = {
            "merchantAccount": self._merchant,
            "amount": amount,
            "reference": request.key,
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": stored},
            "shopperReference": shopper,
            "shopperInteraction": "ContAuth",
            "recurringProcessingModel": "UnscheduledCardOnFile",
            "additionalData": {"manualCapture": "true"},
            "metadata": {answers.ORDER: request.order},
        }
        try:
            told = await self._asked(lambda: self._payments.payments(body, request.key))
            return answers.of_payment(told, request)
        except Exception as error:
            failed = answers.of_error(error, modifies=False)
        if not isinstance(failed, Unknown):
            return failed
        # Adyen answers a failure to each repeat of its key; the payment may be notified by now.
        said = answers.of_heard(await self._of_payment(request.key), request)
        return failed if said is None or isinstance(said, Voided) else said

    async def _taken_over(self, request: PaymentRequest) -> AuthoriseAnswer:
        """A payment that the shop's own pages have made, as Adyen has notified it."""
        said = answers.of_heard(await self._items(request.reference), request)
        if said is None:
            return Pending(_NOT_TOLD, request.reference)
        if isinstance(said, Voided):
            return Declined("the payment was cancelled at Adyen")
        return said

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        """See `PaymentProvider.capture`. Adyen lets go of the rest with every capture."""
        said: CaptureAnswer = await self._modified(
            request, self._modifications.capture_authorised_payment
        )
        return said

    async def void(self, request: OperationRequest) -> VoidAnswer:
        """See `PaymentProvider.void`. A hold that has ended, or was let go of at Adyen's own pages,
        is no more to be let go. What Adyen has captured by itself is given back.
        """
        own = request.payment.reference if _PSP.match(request.payment.reference) else None
        of = request.of or own
        if of is None and not _STORED.match(request.payment.reference):
            return Voided(None)
        items = await self._of_payment(request.key, of, request.payment.key)
        heard = answers.of_heard(items, request.payment)
        said: LookUpAnswer | None = answers.of_operation(items, request)
        if isinstance(said, Voided):
            return said
        if isinstance(heard, Voided):
            return Voided(None)  # it was not let go of by this
        if isinstance(said, Declined) and isinstance(heard, Declined | None):
            # Adyen has nothing to cancel and has notified no hold: the shop's pages did not finish
            # it, or our request never came. A payment that answered us is there all the same.
            if own is not None or request.of is None:
                if own is not None or heard is not None or answers.told_twice(items, request):
                    return Voided(None)
                if not request.late:
                    return Voided(None, unless_on_its_way=True)
                # The payment may have come after the cancel, and Adyen may not have notified it.
                said = await self._let_go(
                    lambda key: self._cancel(request, of, key), f"{request.key}-late"
                )
        if said is None:
            said = await self._let_go(lambda key: self._cancel(request, of, key), request.key)
        if isinstance(said, Declined) and isinstance(heard, Authorised):
            # Adyen notifies no capture that it makes by itself, and cancels no payment after it.
            if not answers.was_reversed(items, request):
                return await self._reversed(request, heard.provider_reference)
        return said  # type: ignore[return-value]

    async def _reversed(self, request: OperationRequest, of: str) -> VoidAnswer:
        """Have Adyen cancel a payment, or give all of it back, whichever it takes."""
        body: Json = {"merchantAccount": self._merchant, "reference": request.key}
        ask, key = self._modifications.refund_or_cancel_payment, f"{request.key}-reversal"
        return await self._let_go(lambda one: ask(body, of, one), key)

    async def _let_go(self, ask: Callable[[str], Any], key: str) -> VoidAnswer:
        """Have money let go, by `ask`, which is called with a key. Adyen answers a failure that it
        saved to each repeat of its key. What is let go is let go once, under any key.
        """
        told: VoidAnswer = await self._received(lambda: ask(key))
        if isinstance(told, Unknown) and told.saved:
            told = await self._received(lambda: ask(key_of_now(key)))
        return told

    def _cancel(self, request: OperationRequest, of: str | None, key: str) -> Any:
        """Cancel a payment by Adyen's reference, or by our own one where no other is known."""
        body: Json = {"merchantAccount": self._merchant, "reference": request.key}
        by = self._modifications
        if of is not None:
            return by.cancel_authorised_payment_by_psp_reference(body, of, key)
        body["paymentReference"] = request.payment.key
        return by.cancel_authorised_payment(body, key)

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        """See `PaymentProvider.refund`."""
        said: RefundAnswer = await self._modified(
            request, self._modifications.refund_captured_payment
        )
        return said

    async def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> LookUpAnswer:
        """See `PaymentProvider.look_up`: by the notifications that are kept."""
        if isinstance(request, PaymentRequest):
            own = request.reference if _PSP.match(request.reference) else None
            items = await self._of_payment(known, own, request.key)
            known = known or own
            said: LookUpAnswer | None = answers.of_taken(items, request, known)
        else:
            items = await self._items(known, request.key)
            said = answers.of_operation(items, request, known)
        if said is not None:
            return said
        return Running(_NOT_TOLD, known) if known else Unknown(_NOT_TOLD, unseen=True)

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        """See `PaymentProvider.read_notification`: the signature stands in the item itself."""
        del headers
        items = answers.notification(body, self._hmac_keys, self._merchant)
        return None if items is None else answers.told_by(items)

    async def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """See `PaymentProvider.found_since`: what Adyen has notified since then."""
        heard: list[tuple[int, answers.Item]] = []
        async for at, body in self._heard.since(since):
            items = answers.notification(body, self._hmac_keys, self._merchant) or []
            heard += [(at, item) for item in items]
        for one in answers.found_by(heard):
            yield one
        yield Misconfigured(_NO_LIST)

    async def check(self) -> str | None:
        """See `PaymentProvider.check`: asks for the means of payment of the merchant account."""
        if not self._hmac_keys:
            return "without an hmac_key no outcome of a payment is heard"
        body = {"merchantAccount": self._merchant}
        try:
            await self._asked(lambda: self._payments.payment_methods(body))
        except Exception as error:
            told = answers.of_error(error, modifies=False)
            return str(getattr(told, "detail", told))
        return None

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
        self._threads.close()
        self._http.session.close()

    async def _asked(self, call: Callable[[], Any]) -> Json:
        return dict((await self._threads.run(call)).message)

    async def _items(self, *references: str | None) -> list[answers.Item]:
        """The items that were notified of these references, signed as they are kept."""
        named = tuple(one for one in references if one)
        listed = [
            answers.notification(body, self._hmac_keys, self._merchant) or []
            for body in (await self._heard(named) if named else [])
        ]
        return [item for items in listed for item in items if
                {item.psp, item.original, item.merchant_reference} & set(named)]  # fmt: skip

    async def _of_payment(self, *references: str | None) -> list[answers.Item]:
        """The items of a payment: also those that name Adyen's reference of it alone, where our own
        reference has told only by these items which one that is.
        """
        items = await self._items(*references)
        own = {item.psp for item in items if item.event == "AUTHORISATION"} - set(references)
        return await self._items(*references, *own) if own else items

    async def _modified(self, request: OperationRequest, ask: Callable[..., Any]) -> Any:
        """Ask for a capture or a refund, unless its outcome is known by now."""
        items = await self._items(request.key)
        if (said := answers.of_operation(items, request)) is not None:
            return said
        amount, of = answers.amount_of(request.payment, request.units), request.of
        if of is None:
            return Misconfigured(f"a {request.kind} needs the pspReference of the payment")
        if amount is None:
            return answers.too_fine(request.payment)
        body = {"merchantAccount": self._merchant, "reference": request.key, "amount": amount}
        return await self._received(lambda: ask(body, of, request.key))

    async def _received(self, call: Callable[[], Any]) -> Any:
        try:
            told = await self._asked(call)
            return Running("Adyen has received the request", str(told["pspReference"]))
        except Exception as error:
            return answers.of_error(error, modifies=True)
