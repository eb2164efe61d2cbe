"""Stripe, spoken to through its official client.

What the client's payment reference may be, and what is done with it:

| reference                   | what is done                                                       |
|-----------------------------|--------------------------------------------------------------------|
| ``pi_...``                  | the PaymentIntent is taken over as it stands, and confirmed if   |
|                             | that is all it waits for                                           |
| ``pm_...``, ``card_...``,   | a PaymentIntent is made, then confirmed: an object is known at     |
| ``src_...``, ``tok_...``    | Stripe before money moves                                          |
| ``cus_.../pm_...``          | the same with a customer's saved method; the customer is away      |
| anything else               | is declined, and Stripe is not asked                               |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import stripe

from entrepot.core.references import captures_once
from entrepot.providers import stripe_answers as answers
from entrepot.providers import stripe_disputes as disputes
from entrepot.providers import stripe_refunds as refunds
from entrepot.providers.exchange import TOTAL_SECONDS
from entrepot.providers.payment import (
    Absent,
    AuthoriseAnswer,
    CaptureAnswer,
    Declined,
    Found,
    LookUpAnswer,
    Misconfigured,
    Notification,
    NotSent,
    OperationRequest,
    PaymentRequest,
    RefundAnswer,
    ServiceTerms,
    Unknown,
    VoidAnswer,
    Voided,
)
from entrepot.providers.stripe_http import BoundedClient
from entrepot.providers.stripe_keys import TRIES, numbered, past_failures
from entrepot.providers.stripe_references import intent_named, method_of

T = TypeVar("T")
Json = dict[str, Any]

_CONFIRMABLE = frozenset({"requires_confirmation"})
_CAPTURABLE = frozenset({"requires_capture"})
_CANCELABLE = frozenset({
    "requires_payment_method", "requires_confirmation", "requires_action", "requires_capture",
    "processing",
})  # fmt: skip
_HOURS, _DAYS = 3600.0, 86_400.0
_PAGE = 100
_SECOND = 1_000_000
# Events are pushed at once, and may be repeated for three days; one that is older than this when it
# arrives was recorded and sent again by somebody.
_TOLERANCE_SECONDS = 300


class StripeProvider:
    """`PaymentProvider` for one account at Stripe."""

    name = answers.NAME
    # Keys are kept for at least 24 hours. A card's hold mostly ends after 7 days.
    terms = ServiceTerms(20 * _HOURS, 7 * _DAYS, several_captures=not captures_once(answers.NAME))

    def __init__(self, account: Mapping[str, str], calls_max: int = 32) -> None:
        """Take the account's members, and how many calls may be under way."""
        self._http = BoundedClient(account["base_url"], calls_max)
        self._webhook_secret = account["webhook_secret"]
        self._stripe = stripe.StripeClient(
            account["api_key"],
            base_addresses={"api": account["base_url"]},
            max_network_retries=0,
            http_client=self._http,
        )
        self._intents = self._stripe.v1.payment_intents
        self._refunds = self._stripe.v1.refunds

    # ------------------------------------------------------------------ the contract

    async def authorise(self, request: PaymentRequest, known: str | None = None) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`."""
        answer = await _answered(self._authorise(request, known))
        name = intent_named(request)
        if name is not None and isinstance(answer, Declined):
            # Its customer may pay it later: the notification will name the order then.
            params: Any = {"metadata": {answers.ORDER: request.order}}
            await _answered(self._within(self._intents.update_async(name, params)))
        return answer

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        """See `PaymentProvider.capture`. Stripe lets go of the rest with every capture."""
        return await _answered(self._capture(request))

    async def void(self, request: OperationRequest) -> VoidAnswer:
        """See `PaymentProvider.void`."""
        return await _answered(self._void(request))

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        """See `PaymentProvider.refund`."""
        return await _answered(self._refund(request))

    async def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> LookUpAnswer:
        """See `PaymentProvider.look_up`."""
        if isinstance(request, PaymentRequest):
            return await _answered(self._look_up_payment(request, known))
        return await _answered(self._look_up_operation(request, known))

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        """See `PaymentProvider.read_notification`: the scheme of `Stripe-Signature`."""
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get("stripe-signature"), self._webhook_secret, _TOLERANCE_SECONDS,
                api_key="none",
            )  # fmt: skip
            told = event.to_dict()
            named = answers.references_of(told)
            return Notification(str(told["id"]), named, answers.topics_of(told))
        except (ValueError, KeyError, TypeError, AttributeError, stripe.StripeError):
            return None

    async def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """See `PaymentProvider.found_since`."""
        params: Any = {"created": {"gte": since // _SECOND}, "limit": _PAGE,
                       "expand": ["data.latest_charge"]}  # fmt: skip
        while True:
            try:
                page = _plain(await self._within(self._intents.list_async(params)))
                listed = [answers.found(one) for one in page["data"]]
            except Exception as error:
                why = answers.of_error(error)
                yield why if isinstance(why, (NotSent, Misconfigured)) else NotSent(str(why))
                return
            for one in listed:
                yield one
            if not page["has_more"] or not listed:
                return
            params = {**params, "starting_after": listed[-1].provider_reference}

    async def check(self) -> str | None:
        """See `PaymentProvider.check`: asks for one PaymentIntent."""
        answer = await _answered(self._listed_one())
        return None if answer is None else str(getattr(answer, "detail", answer))

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
        await self._http.close_async()

    # ------------------------------------------------------------------ authorising

    async def _authorise(self, request: PaymentRequest, known: str | None) -> AuthoriseAnswer:
        amount = answers.amount_of(request, request.units)
        if amount is None:
            return answers.too_fine(request)
        name = known or intent_named(request)
        if name is not None:
            intent = await self._intent(name)
        elif method_of(request) is not None:
            intent = await self._made(request, amount)
        else:
            return Declined(
                "the payment reference is neither a PaymentIntent nor a means of payment of Stripe",
                "unknown_reference",
            )
        if intent["status"] == "requires_confirmation" and not answers.differs(intent, request):
            intent = await self._confirmed(intent, request)
        return answers.of_intent(intent, request)

    async def _made(self, request: PaymentRequest, amount: int) -> Json:
        """The PaymentIntent of a payment, made under its key. No money moves before it is
        confirmed.

        Stripe saves a failure under a key. An intent that is not confirmed holds nothing, so
        another may be made under the next key. All are confirmed under one key: one holds money.
        """
        customer, method = method_of(request) or (None, "")
        params: Any = {
            "amount": amount,
            "currency": request.currency.lower(),
            "capture_method": "manual",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {answers.ORDER: request.order, answers.KEY: request.key},
        }
        if customer is not None:
            params["customer"] = customer
        if method.startswith("tok_"):
            params["payment_method_data"] = {"type": "card", "card": {"token": method}}
        else:
            params["payment_method"] = method
        for number in range(1, TRIES):
            try:
                return await self._make(params, numbered(request.key, number))
            except stripe.APIError as error:
                if error.http_status != answers.SERVER_FAULT:
                    raise
        return await self._make(params, numbered(request.key, TRIES))

    async def _make(self, params: Any, key: str) -> Json:
        made = await self._within(self._intents.create_async(params, {"idempotency_key": key}))
        return _plain(made)

    async def _confirmed(self, intent: Json, request: PaymentRequest) -> Json:
        """The intent after its confirmation. The object itself prevents a second charge."""
        params: Any = {}
        if (method_of(request) or (None,))[0] is not None:
            params["off_session"] = True
        name = intent["id"]

        async def ask(key: str) -> Json:
            done = await self._within(
                self._intents.confirm_async(name, params, {"idempotency_key": key})
            )
            return await self._intent(name) if answers.is_replayed(done) else _plain(done)

        return await past_failures(
            ask, f"{request.key}-confirm", lambda: self._intent(name), _CONFIRMABLE
        )

    # ------------------------------------------------------------------ operations

    async def _capture(self, request: OperationRequest) -> CaptureAnswer:
        amount = answers.amount_of(request.payment, request.units)
        if request.of is None:
            return Misconfigured("a capture needs the PaymentIntent that holds the money")
        if amount is None:
            return answers.too_fine(request.payment)
        name = request.of
        params: Any = {"amount_to_capture": amount, "metadata": {answers.CAPTURE: request.key}}

        async def ask(key: str) -> Json:
            options: Any = {"idempotency_key": key}
            return _plain(await self._within(self._intents.capture_async(name, params, options)))

        done = await past_failures(ask, request.key, lambda: self._intent(name), _CAPTURABLE)
        return answers.of_capture(done, request)

    async def _void(self, request: OperationRequest) -> VoidAnswer:
        name = request.of or intent_named(request.payment)
        if name is None:
            amount = answers.amount_of(request.payment, request.payment.units)
            if amount is None or method_of(request.payment) is None:
                return Voided(None)
            found = await self._forbidden(request, amount)
            if found is None:
                return Voided(None)
            name = str(found["id"])
        of = name

        async def ask(key: str) -> Json:
            options: Any = {"idempotency_key": key}
            return _plain(await self._within(self._intents.cancel_async(of, {}, options)))

        try:
            return answers.of_void(
                await past_failures(ask, request.key, lambda: self._intent(of), _CANCELABLE)
            )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return Voided(None)

    async def _forbidden(self, request: OperationRequest, amount: int) -> Json | None:
        """The intent that an authorisation has made, or would make; None where Stripe makes none.
        Stripe's search knows an intent whose key Stripe has forgotten.
        """
        its = request.payment
        with suppress(stripe.InvalidRequestError):  # not every account can search
            if request.forgotten and (known := await self._intent_made(its.key)) is not None:
                return known
        try:
            return await self._made(its, amount)
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            if not isinstance(answers.of_error(error), Declined):
                raise
            return None

    async def _refund(self, request: OperationRequest) -> RefundAnswer:
        amount = answers.amount_of(request.payment, request.units)
        if request.of is None:
            return Misconfigured("a refund needs the PaymentIntent that took the money")
        if amount is None:
            return answers.too_fine(request.payment)
        params: Any = {
            "payment_intent": request.of,
            "amount": amount,
            "metadata": {answers.ORDER: request.payment.order, answers.KEY: request.key},
        }
        try:
            done = await self._within(
                self._refunds.create_async(params, {"idempotency_key": request.key})
            )
        except (stripe.InvalidRequestError, stripe.APIError):
            # The key may be forgotten by now, or hold a failure that Stripe saved although it made
            # the refund: such a refund is in the list, with its key.
            made = await self._refund_of(request)
            if made is None:
                raise
            return answers.of_refund(made)
        return answers.of_refund(_plain(done))

    # ------------------------------------------------------------------ looking up

    async def _look_up_payment(self, request: PaymentRequest, known: str | None) -> LookUpAnswer:
        name = known or intent_named(request)
        intent: Json | None
        try:
            intent = await self._intent(name) if name else await self._intent_made(request.key)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            intent = None
        if intent is None or intent["status"] == "requires_confirmation":
            return Absent()  # what is not confirmed was not executed
        if intent["status"] == "canceled":
            return Voided(str(intent["id"]))
        if disputed := answers.was_disputed(intent):
            disputed = await self._within(disputes.unless_ended(self._stripe, disputed))
        said = disputed or answers.of_intent(intent, request)
        return await self._within(refunds.added(self._stripe, said, intent, request))

    async def _look_up_operation(
        self, request: OperationRequest, known: str | None
    ) -> LookUpAnswer:
        if request.kind == "refund":
            if known is not None:
                refund = await self._within(self._refunds.retrieve_async(known))
                return answers.of_refund(_plain(refund))
            made = await self._refund_of(request)
            return Absent() if made is None else answers.of_refund(made)
        name = request.of or intent_named(request.payment)
        intent = await self._intent(name) if name else await self._intent_made(request.payment.key)
        if intent is None:
            return Absent()
        if request.kind == "capture":
            answer = answers.of_capture(intent, request)
            return Absent() if intent["status"] == "requires_capture" else answer
        is_over = intent["status"] in ("canceled", "succeeded")
        return answers.of_void(intent) if is_over else Absent()

    async def _intent(self, name: str) -> Json:
        params: Any = {"expand": ["latest_charge"]}
        return _plain(await self._within(self._intents.retrieve_async(name, params)))

    async def _intent_made(self, key: str) -> Json | None:
        """The intent that was made under a key. Stripe's search knows it within about a minute."""
        params: Any = {"query": f"metadata['{answers.KEY}']:'{key}'", "limit": 1}
        listed = _plain(await self._within(self._intents.search_async(params)))["data"]
        return await self._intent(listed[0]["id"]) if listed else None

    async def _refund_of(self, request: OperationRequest) -> Json | None:
        """The refund that was made under this request's key."""
        listed = await self._within(refunds.listed(self._stripe, request.of))
        return next((one for one in listed if refunds.key_of(one) == request.key), None)

    async def _listed_one(self) -> None:
        await self._within(self._intents.list_async({"limit": 1}))

    async def _within(self, call: Awaitable[T]) -> T:
        """The call's result, within the time that a call may take altogether."""
        async with asyncio.timeout(TOTAL_SECONDS):
            return await call


async def _answered(work: Awaitable[T]) -> T | Declined | NotSent | Unknown | Misconfigured:
    """The answer of an operation; its failure is an answer as well."""
    try:
        return await work
    except TimeoutError:
        return Unknown(f"no answer within {TOTAL_SECONDS:.0f} seconds")
    except Exception as error:
        return answers.of_error(error)


def _plain(told: Any) -> Json:
    return dict(told.to_dict())
