"""PayPal, spoken to through its official client.

What the client's payment reference may be, and what is done with it:

| reference              | what is done                                                            |
|------------------------|-------------------------------------------------------------------------|
| the id of an order     | an order that the customer has approved is authorised, or captured if   |
|                        | that is its intent; a completed one is taken over as it stands          |
| the id of an           | is taken over as it stands                                              |
| authorization          |                                                                         |
| ``vault/TOKEN``        | an order is made, then authorised with the customer's payment token     |
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.models.capture_request import CaptureRequest
from paypalserversdk.models.order_authorize_request import OrderAuthorizeRequest
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.refund_request import RefundRequest

from entrepot.core.references import captures_once
from entrepot.providers import paypal_answers as answers
from entrepot.providers import paypal_unseen as unseen
from entrepot.providers.account import Heard
from entrepot.providers.blocking import BoundedSession, Threads
from entrepot.providers.payment import (
    Absent,
    AuthoriseAnswer,
    Authorised,
    CaptureAnswer,
    Captured,
    Declined,
    Differs,
    Found,
    LookUpAnswer,
    Misconfigured,
    Notification,
    NotSent,
    OperationRequest,
    PaymentRequest,
    RefundAnswer,
    Running,
    ServiceTerms,
    Unknown,
    VoidAnswer,
    Voided,
)
from entrepot.providers.paypal_client import asked_for, client_of, plain, shown, token
from entrepot.providers.paypal_disputes import Disputes
from entrepot.providers.paypal_found import Transactions, notified
from entrepot.providers.paypal_objects import Objects
from entrepot.providers.paypal_signature import Signatures

Json = dict[str, Any]
_HOURS, _DAYS = 3600.0, 86_400.0
_WHOLE = "return=representation"
_VAULT = answers.VAULT
_NOT_SHOWN = "PayPal shows no authorization of its order yet"
_NO_LIST = "PayPal's list of transactions is hours behind"


class PayPalProvider:
    """`PaymentProvider` for one app at PayPal."""

    name = answers.NAME
    # Keys of orders are kept for 6 hours. A hold is honoured for 3 days, and ends after 29.
    terms = ServiceTerms(4 * _HOURS, 29 * _DAYS, several_captures=not captures_once(answers.NAME))

    def __init__(self, account: Mapping[str, str], calls_max: int, heard: Heard) -> None:
        """Take the account's members, how many calls may be under way, and what was notified."""
        self._session = BoundedSession(account["base_url"], calls_max)
        client = client_of(account, self._session)
        self._orders, self._payments = client.orders, client.payments
        self._objects = Objects(client.orders, client.payments)
        self._transactions, self._heard = Transactions(client.transaction_search), heard
        self._oauth = client.oauth_2
        self._disputes = Disputes(account["base_url"], self._session, self._oauth)
        self._threads = Threads("paypal", calls_max)
        self._signatures = Signatures(
            account["base_url"], account["webhook_id"],
            lambda url: bytes(self._session.request("GET", url).content),
        )  # fmt: skip

    # ------------------------------------------------------------------ the contract

    async def authorise(self, request: PaymentRequest, known: str | None = None) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`."""
        answer: AuthoriseAnswer = await self._run(lambda: self._authorise(request, known))
        return answer

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        """See `PaymentProvider.capture`."""
        answer: CaptureAnswer = await self._run(lambda: self._capture(request))
        return answer

    async def void(self, request: OperationRequest) -> VoidAnswer:
        """See `PaymentProvider.void`."""
        its = request.payment
        if request.forgotten and request.of is None and its.reference.startswith(_VAULT):
            id_ = await self._id_of(its)
            if not isinstance(id_, str):
                return unseen.of_void(id_, its, self.terms.resend_seconds)
            request = replace(request, of=id_)
        answer: VoidAnswer = await self._run(lambda: self._void(request))
        return answer

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        """See `PaymentProvider.refund`."""
        answer: RefundAnswer = await self._run(lambda: self._refund(request))
        return answer

    async def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> LookUpAnswer:
        """See `PaymentProvider.look_up`."""
        if isinstance(request, PaymentRequest):
            if known is None and request.reference.startswith(_VAULT):
                return await self._look_for(request)
            answer: LookUpAnswer = await self._run(lambda: self._look_up(request, known))
            answer = await self._undisputed(answer)
        else:
            answer = await self._run(lambda: self._look_up_operation(request, known))
        return answer

    async def _look_for(self, request: PaymentRequest) -> LookUpAnswer:
        """Look for the payment of an order whose id is not written down. A request under the key,
        if PayPal has forgotten the key, would make another order.
        """
        id_ = await self._id_of(request)
        if not isinstance(id_, str):
            return unseen.of_payment(id_, request)
        answer: LookUpAnswer = await self._run(lambda: self._found_as(id_, request))
        return await self._undisputed(answer)

    async def _undisputed(self, answer: LookUpAnswer) -> LookUpAnswer:
        """The answer; of money that was taken, whether the customer disputes it."""
        taken = answers.with_money_taken(answer)
        if taken is None:
            return answer
        told: LookUpAnswer = await self._run(lambda: self._disputes.of(taken))
        return answer if told == taken else told

    async def _id_of(self, request: PaymentRequest) -> Any:
        """PayPal's id of a payment of which none is written down: as PayPal has notified it, or
        else lists it by now. An id is text; `Missing` where neither tells one; else why the list
        could not be asked.
        """
        told = notified([(0, json.loads(body)) for body in await self._heard((request.label,))])
        own = [one for one in told if one.label == request.label]
        if own:
            return own[-1].provider_reference
        return await self._run(lambda: self._transactions.named(request.label, request.made_at))

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        """See `PaymentProvider.read_notification`. May fetch PayPal's certificate, so it blocks."""
        if not self._signatures.is_right(headers, body):
            return None
        return answers.notification_of(body)

    async def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """See `PaymentProvider.found_since`: what PayPal has notified, and lists by now."""
        heard = [(at, json.loads(body)) async for at, body in self._heard.since(since)]
        found = {one.provider_reference: one for one in notified(heard)}
        listed = await self._run(lambda: self._transactions.since(since))
        for one in listed if isinstance(listed, list) else ():
            found.setdefault(one.provider_reference, one)
        for one in found.values():
            yield one
        yield Misconfigured(_NO_LIST)

    async def check(self) -> str | None:
        """See `PaymentProvider.check`: asks for an access token."""
        answer = await self._run(lambda: token(None, self._oauth))
        return str(answer.detail) if isinstance(answer, (NotSent, Unknown, Misconfigured)) else None

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
        self._threads.close()
        self._session.close()

    async def _run(self, work: Callable[[], Any]) -> Any:
        """The answer of an operation, from a thread; its failure is an answer as well."""
        try:
            return await self._threads.run(work)
        except Exception as error:
            answer = answers.of_error(error)
            if isinstance(error, ApiException) and error.response_code == 401:
                self._oauth._o_auth_token = None  # noqa: SLF001 - the next call asks for a new one
            return answer

    # ------------------------------------------------------------------ in a thread

    def _authorise(self, request: PaymentRequest, known: str | None) -> AuthoriseAnswer:
        amount = answers.amount_of(request, request.units)
        if amount is None:
            return answers.too_fine(request)
        if not answers.is_reference(request.reference):
            return Declined("the payment reference is none of PayPal's", "unknown_reference")
        order = self._order_of(request, known)
        if order is None:
            found = self._objects.authorization(known or request.reference)
            if found is not None:
                return answers.of_authorization(found, request, self._objects.captures_of(found))
            order = self._objects.order_of_capture(known)
        if order is None:
            return Declined("PayPal does not know the payment reference", "RESOURCE_NOT_FOUND")
        return self._driven(order, request)

    def _driven(self, order: Json, request: PaymentRequest) -> AuthoriseAnswer:
        """The payment of an order: authorised or captured now, if that is all it waits for."""
        units = order.get("purchase_units") or []
        if len(units) != 1:
            return Declined("the order has not one purchase unit at PayPal", "purchase_units")
        is_ours = request.reference.startswith(_VAULT)
        if order["status"] != "APPROVED" and not (is_ours and order["status"] == "CREATED"):
            return answers.of_order(order, request)
        if other := answers.differs(units[0]["amount"], str(order["id"]), request):
            return other
        asked = {
            "id": order["id"], "paypal_request_id": f"{request.key}-authorise", "prefer": _WHOLE,
        }  # fmt: skip
        if is_ours:
            token = {"id": request.reference.removeprefix(_VAULT), "type": "PAYMENT_METHOD_TOKEN"}
            source = {"payment_source": {"token": token}}
            asked["body"] = OrderAuthorizeRequest.from_dictionary(source)
        takes = order.get("intent") == "CAPTURE"
        do = self._orders.capture_order if takes else self._orders.authorize_order
        try:
            done = plain(do(asked))
        except ApiException as error:
            if answers.issue_of(error) not in answers.DONE_BEFORE:
                return answers.declined_of(order, error)
            done = self._objects.order(str(order["id"])) or order
        return answers.of_order({**order, **done}, request)

    def _capture(self, request: OperationRequest) -> CaptureAnswer:
        amount = answers.amount_of(request.payment, request.units)
        if request.of is None:
            return Misconfigured("a capture needs the authorization that holds the money")
        if amount is None:
            return answers.too_fine(request.payment)
        body = {"amount": amount, "invoice_id": request.key, "final_capture": request.final}
        asked = {
            "authorization_id": request.of, "paypal_request_id": request.key, "prefer": _WHOLE,
            "body": CaptureRequest.from_dictionary(body),
        }  # fmt: skip
        try:
            return answers.of_capture(plain(self._payments.capture_authorized_payment(asked)))
        except ApiException as error:
            if error.response_code != answers.PROCESSED:
                raise
            made = self._objects.made_under(request, "captures")
            if made is None:
                raise
            return answers.of_capture(made)

    def _void(self, request: OperationRequest) -> VoidAnswer:
        if request.of is not None and (said := self._let_go(request, request.of)) is not None:
            return said
        # The order alone is written down, which may have an authorization by now, or nothing is.
        found = self._look_up(request.payment, request.of)
        if isinstance(found, Captured):
            return Declined("the money was taken already", "CAPTURED")
        if isinstance(found, Voided) and found.captures:
            return found
        if not isinstance(found, Authorised | Running | Differs) or not found.provider_reference:
            # Nothing is held. PayPal cancels no order: a call of ours may yet authorise it.
            return Voided(None, unless_on_its_way=isinstance(found, Absent))
        held = found.provider_reference
        if (said := self._let_go(request, held)) is not None:
            return said
        if isinstance(found, Differs):
            return Declined("the money was taken already, of another amount", "CAPTURED")
        return Running(_NOT_SHOWN, held)

    def _let_go(self, request: OperationRequest, id_: str) -> VoidAnswer | None:
        """Void an authorization; None where PayPal knows none of this id."""
        asked = {"authorization_id": id_, "paypal_request_id": request.key, "prefer": _WHOLE}
        said = Voided(id_)
        try:
            told = shown(self._payments.void_payment(asked))
        except ApiException as error:
            if error.response_code == answers.NOT_FOUND:
                return None
            if error.response_code != answers.PROCESSED:
                raise
            told = self._objects.authorization(id_) or {}
            ended = answers.of_void_refused(answers.issue_of(error), told, id_)
            if ended is None:
                raise
            if isinstance(ended, Declined):
                return ended
            said = ended
        taken = self._objects.captures_of(told)
        return replace(said, captures=answers.captures_found(taken, request.payment))

    def _refund(self, request: OperationRequest) -> RefundAnswer:
        amount = answers.amount_of(request.payment, request.units)
        if request.of is None:
            return Misconfigured("a refund needs the capture that took the money")
        if amount is None:
            return answers.too_fine(request.payment)
        body = {"amount": amount, "invoice_id": request.key, "custom_id": request.payment.order}
        asked = {
            "capture_id": request.of, "paypal_request_id": request.key, "prefer": _WHOLE,
            "body": RefundRequest.from_dictionary(body),
        }  # fmt: skip
        try:
            return answers.of_refund(plain(self._payments.refund_captured_payment(asked)))
        except ApiException as error:
            if error.response_code != answers.PROCESSED:
                raise
            made = self._objects.made_under(request, "refunds")
            if made is None:
                raise
            return answers.of_refund(made)

    def _look_up(self, request: PaymentRequest, known: str | None) -> LookUpAnswer:
        if not answers.is_reference(request.reference):
            return Absent()
        order = self._order_of(request, known)
        if order is None:
            found = self._objects.authorization(known or request.reference)
            if found is not None:
                return self._of_authorization(found, request)
            order = self._objects.order_of_capture(known)
        if order is None:
            return Absent()
        held = answers.payments_of(order, "authorizations")
        if held and held[-1]["status"] == "VOIDED":
            taken = answers.captures_found(answers.payments_of(order, "captures"), request)
            return answers.with_refunds(Voided(str(held[-1]["id"]), taken), order, request)
        is_ours = request.reference.startswith(_VAULT)
        if order["status"] == "APPROVED" or (is_ours and order["status"] == "CREATED"):
            return Absent()  # nothing was executed; asking for it goes on
        return answers.with_refunds(answers.of_order(order, request), order, request)

    def _found_as(self, id_: str, request: PaymentRequest) -> LookUpAnswer:
        """What an authorization, or a capture, is for a payment."""
        found = self._objects.authorization(id_)
        if found is None:
            made = self._objects.capture(id_)
            return Unknown(unseen.FORGOTTEN) if made is None else answers.of_capture(made)
        return self._of_authorization(found, request)

    def _of_authorization(self, found: Json, request: PaymentRequest) -> LookUpAnswer:
        order = self._objects.order_that_has(found) or {}
        captures = answers.payments_of(order, "captures")
        if found["status"] == "VOIDED":
            voided = Voided(str(found["id"]), answers.captures_found(captures, request))
            return answers.with_refunds(voided, order, request)
        said = answers.of_authorization(found, request, captures)
        return answers.with_refunds(said, order, request)

    def _look_up_operation(self, request: OperationRequest, known: str | None) -> LookUpAnswer:
        if request.kind == "refund":
            asked = {"refund_id": known}
            made = asked_for(lambda: self._payments.get_refund(asked)) if known else None
            made = made or self._objects.made_under(request, "refunds")
            return Absent() if made is None else answers.of_refund(made)
        if request.kind == "capture":
            asked = {"capture_id": known}
            made = asked_for(lambda: self._payments.get_captured_payment(asked)) if known else None
            made = made or self._objects.made_under(request, "captures")
            return Absent() if made is None else answers.of_capture(made)
        id_ = request.of
        if id_ is None:
            answer = self._look_up(request.payment, None)
            id_ = answer.provider_reference if isinstance(answer, Authorised) else None
        found = self._objects.authorization(id_) if id_ else None
        return (answers.of_void(found) or Absent()) if found else Absent()

    # ------------------------------------------------------------------ PayPal's objects

    def _order_of(self, request: PaymentRequest, known: str | None) -> Json | None:
        """The order that pays this payment: the client's, or the one made under its key."""
        if known is None and request.reference.startswith(_VAULT):
            return self._objects.order(str(self._made(request)["id"]))
        return self._objects.order(known or request.reference)

    def _made(self, request: PaymentRequest) -> Json:
        body = OrderRequest.from_dictionary(answers.order_for(request))
        asked = {"body": body, "paypal_request_id": request.key, "prefer": _WHOLE}
        return plain(self._orders.create_order(asked))
