"""What each service says of money that it gave back, whoever asked for that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.providers import test_adyen as at_adyen
from tests.providers import test_paypal as of_paypal
from tests.providers import test_stripe as of_stripe
from tests.providers.accounts import Told, at_paypal, at_stripe
from tests.providers.accounts import at_adyen as adyen_account
from tests.providers.conftest import KEY, request_of
from tests.providers.vendor import Answer, Vendor

from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound
from entrepot.providers.adyen import AdyenProvider
from entrepot.providers.payment import Captured, Disputed, PaymentProvider, Voided
from entrepot.providers.paypal import PayPalProvider
from entrepot.providers.stripe import StripeProvider


async def looked_up(made: PaymentProvider, reference: str, known: str | None = None) -> Any:
    said = await made.look_up(request_of(reference), known)
    await made.close()
    return said


async def test_adyen_has_notified_each_refund_that_did_not_fail() -> None:
    named = {"merchantReference": "basket-1", "amount": {"value": 500, "currency": "EUR"}}
    told = Told()
    told += [
        at_adyen.item("AUTHORISATION"), at_adyen.item("CAPTURE"),
        at_adyen.of_operation("REFUND", pspReference="RE-1", **named),
        at_adyen.of_operation("REFUND", pspReference="RE-1", **named),
        at_adyen.of_operation("REFUND", pspReference="RE-2", **named),
        at_adyen.of_operation("REFUND_FAILED", pspReference="RE-2", **named),
        at_adyen.of_operation("REFUND", pspReference="RE-3", success=False, **named),
    ]  # fmt: skip
    found = (RefundFound("RE-1", 500, "basket-1"),)
    with Vendor(Answer(200, {})) as vendor:
        made = AdyenProvider(adyen_account(vendor.url), 1, told)
        said = await looked_up(made, at_adyen.PSP)
    assert said == replace(at_adyen.WHOLE, refunds=found)


@pytest.mark.parametrize("disputed", [False, True])
async def test_stripe_lists_refunds_where_the_charge_has_some(disputed: bool) -> None:
    charge = {"id": "ch_1", "disputed": disputed, "amount_refunded": 700}
    ours = of_stripe.refund("succeeded", amount=200, metadata={"entrepot_key": KEY}).body
    theirs = of_stripe.refund("succeeded", amount=500).body | {"id": "re_2"}
    waits = of_stripe.refund("pending", amount=1).body | {"id": "re_3"}
    with Vendor(of_stripe.said("succeeded", latest_charge=charge)) as vendor:
        open_ = [of_stripe.listed({"id": "du_1", "object": "dispute", "status": "lost"})]
        vendor.script += [*(open_ if disputed else []), of_stripe.listed(ours, theirs, waits)]
        said = await looked_up(StripeProvider(at_stripe(vendor.url)), "pi_1")
    found = (RefundFound("re_1", 200, KEY), RefundFound("re_2", 500))
    assert said.refunds == found
    assert isinstance(said, Disputed if disputed else Captured)
    assert vendor.calls[-1] == "GET /v1/refunds"


async def test_paypal_shows_refunds_with_their_order() -> None:
    links = [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAPT-1"}]
    back = of_paypal.one("refunds", "COMPLETED", links=links, invoice_id="inv-1")
    waits = of_paypal.one("refunds", "PENDING", links=links)
    taken = ("authorizations", {**of_paypal.HELD[1], "status": "CAPTURED"})
    whole = of_paypal.order(
        "COMPLETED", taken, of_paypal.PART, of_paypal.REST, ("refunds", back), ("refunds", waits)
    )
    none = Answer(200, {"items": []})
    with Vendor(of_paypal.TOKEN) as vendor:
        vendor.script = [of_paypal.TOKEN, whole, none, none]
        made = PayPalProvider(at_paypal(vendor.url), 1, Told())
        said = await looked_up(made, "ORDER-1")
    units = int(str(back["amount"]["value"]).replace(".", ""))
    assert said.refunds == (RefundFound(str(back["id"]), units, "inv-1", "CAPT-1"),)
    assert said.captures == (CaptureFound("CAPT-1", 400), CaptureFound("CAPT-2", 850))


@pytest.mark.parametrize("reference", ["ORDER-1", "AUTH-1"])
async def test_paypal_shows_refunds_of_an_authorization_whose_rest_was_let_go(
    reference: str,
) -> None:
    links = [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAPT-1"}]
    amount = {"currency_code": "EUR", "value": "1.00"}
    back = of_paypal.one("refunds", "COMPLETED", links=links, amount=amount)
    ended = of_paypal.one("authorizations", "VOIDED")
    whole = of_paypal.order(
        "COMPLETED", ("authorizations", ended), of_paypal.PART, ("refunds", back)
    )
    first = [whole] if reference == "ORDER-1" else [of_paypal.GONE, Answer(200, ended), whole]
    with Vendor(of_paypal.TOKEN) as vendor:
        vendor.script = [of_paypal.TOKEN, *first, Answer(200, {"items": []})]
        made = PayPalProvider(at_paypal(vendor.url), 1, Told())
        said = await looked_up(made, reference)
    refunds = (RefundFound("REFU-1", 100, None, "CAPT-1"),)
    assert said == Voided("AUTH-1", (CaptureFound("CAPT-1", 400),), refunds=refunds)
