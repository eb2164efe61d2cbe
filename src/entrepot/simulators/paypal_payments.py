"""PayPal's payments: authorisations, captures and refunds."""

from __future__ import annotations

from entrepot.simulators.exchange import Call, Json, Reply
from entrepot.simulators.paypal_objects import (
    HOLD_SECONDS,
    HONOURED_SECONDS,
    PayPalObjects,
    amount_of,
    links,
    units_of,
    unprocessable,
)
from entrepot.simulators.service import capitals

_ENDED = {"VOIDED": "AUTHORIZATION_VOIDED", "CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
          "DENIED": "AUTHORIZATION_DENIED", "EXPIRED": "AUTHORIZATION_EXPIRED"}  # fmt: skip


class Payments:
    """The calls of ``/v2/payments``."""

    def __init__(self, service: PayPalObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def show(self, kind: str, call: Call) -> Reply:
        """Show an authorisation, a capture or a refund."""
        return self._service.shown(call, self._service.found(kind, call.found[0]))

    def capture(self, call: Call) -> Reply:
        """Take held money, all or a part; a final capture lets go of the rest."""
        hold = self._open(call)
        amount = call.params.get("amount") or self._left(hold)
        units, final = units_of(amount), bool(call.params.get("final_capture", False))
        if amount["currency_code"] != hold["body"]["amount"]["currency_code"]:
            raise unprocessable("CURRENCY_MISMATCH", "The currency is not the authorisation's.")
        if not 0 < units <= hold["held"]:
            raise unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED", "More than what is held.")
        if call.declined is not None:
            issue = call.declined or "INSTRUMENT_DECLINED"
            raise unprocessable(issue, "The instrument presented was declined.")
        taken = self._service.captured(call, hold, amount, final=final)
        hold["held"] -= units
        hold["captured"] += units
        if final and hold["held"]:
            self._service.moved(hold, "released", hold["held"], call)
            hold["held"] = 0
        hold["body"]["status"] = "PARTIALLY_CAPTURED" if hold["held"] else "CAPTURED"
        self._service.keep("authorization", hold)
        return self._service.shown(call, taken, 201)

    def void(self, call: Call) -> Reply:
        """Give held money back; not after a capture of all."""
        hold = self._service.found("authorization", call.found[0])
        status = hold["body"]["status"]
        if status == "VOIDED":
            raise unprocessable("PREVIOUSLY_VOIDED", "Authorization has been previously voided.")
        if status == "CAPTURED":
            told = "Authorization has been previously captured and hence cannot be voided."
            raise unprocessable("PREVIOUSLY_CAPTURED", told)
        if status == "EXPIRED":
            raise unprocessable("AUTHORIZATION_EXPIRED", "An expired authorisation is not voided.")
        self._ended(hold, "voided", "VOIDED", call)
        if "representation" in call.headers.get("prefer", ""):
            return self._service.shown(call, hold)
        return Reply(204)

    def reauthorise(self, call: Call) -> Reply:
        """Hold the money for another three days, from the fourth day on."""
        hold = self._open(call)
        if self._service.now() < hold["made"] + HONOURED_SECONDS:
            told = "A reauthorization is allowed only once from days four to 29."
            raise unprocessable("REAUTHORIZATION_TOO_SOON", told)
        if hold["captured"] or hold.get("renewed"):
            raise unprocessable("REAUTHORIZATION_NOT_ALLOWED", "It was renewed or captured before.")
        name = capitals(17)
        body = hold["body"] | {
            "id": name, "status": "CREATED", "create_time": self._service.at(),
            "expiration_time": self._service.at(HOLD_SECONDS),
            "links": links("authorizations", name, "capture", "void", "reauthorize"),
        }  # fmt: skip
        again = hold | {"id": name, "body": body, "renewed": True, "made": self._service.now()}
        self._service.moved(hold, "released", hold["held"], call)
        hold |= {"held": 0}
        hold["body"]["status"] = "VOIDED"
        self._service.keep("authorization", hold)
        self._service.keep("authorization", again)
        self._service.moved(again, "authorised", again["held"], call)
        self._service.event("PAYMENT.AUTHORIZATION.CREATED", body)
        return self._service.shown(call, again, 201)

    def refund(self, call: Call) -> Reply:
        """Give captured money back, all that is left or a part."""
        taken = self._service.found("capture", call.found[0])
        left = taken["captured"] - taken["refunded"]
        currency = taken["body"]["amount"]["currency_code"]
        if taken["body"]["status"] == "PENDING":
            raise unprocessable("TRANSACTION_REFUSED", "The capture is pending.")
        if left == 0:
            raise unprocessable("CAPTURE_FULLY_REFUNDED", "The capture has been fully refunded.")
        amount = call.params.get("amount") or amount_of(left, currency)
        if amount.get("currency_code") != currency:
            raise unprocessable("REFUND_CURRENCY_MISMATCH", "The currency is not the capture's.")
        units = units_of(amount)
        if not 0 < units <= left:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED", "More than what was captured.")
        if call.declined is not None:
            raise unprocessable(call.declined or "REFUND_FAILED_INSUFFICIENT_FUNDS", "Declined.")
        return self._service.shown(call, self._given_back(call, taken, units), 201)

    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of pending authorisations, captures and refunds."""
        count = 0
        for kind, good, bad in (("authorization", "CREATED", "DENIED"),
                                ("capture", "COMPLETED", "DECLINED"),
                                ("refund", "COMPLETED", "FAILED")):  # fmt: skip
            for one in self._ledger.all(kind):
                about = (one["id"], one["order"], one["body"].get("custom_id"))
                if one["body"]["status"] != "PENDING" or (name and name not in about):
                    continue
                count += 1
                one["body"].pop("status_details", None)
                one["body"]["status"] = good if outcome == "authorised" else bad
                self._settled(kind, one, outcome)
        return count

    def undo(self, name: str, operation: str, code: str) -> int:
        """Have captures and refunds that were completed fail. A capture of which money was given
        back stays.
        """
        count = 0
        for kind in ("refund", "capture"):
            for one in self._ledger.all(kind):
                body = one["body"]
                its = (one["id"], one["payment"], one["order"], body.get("custom_id"))
                is_done = body["status"] == "COMPLETED"
                if is_done and name in ("", *its) and operation in (kind, "any"):
                    count += 1
                    undone = self._taken_back if kind == "capture" else self._returned
                    undone(one, code)
        return count

    def _taken_back(self, taken: Json, code: str) -> None:
        units, taken["body"]["status"] = taken["captured"], "DECLINED"
        self._service.moved(taken, "captured", -units, None)
        taken["captured"] = 0
        self._service.keep("capture", taken)
        if taken["authorization"] is not None:
            hold = self._service.found("authorization", taken["authorization"])
            hold["held"] += units
            hold["captured"] -= units
            hold["body"]["status"] = "PARTIALLY_CAPTURED" if hold["captured"] else "CREATED"
            self._service.keep("authorization", hold)
        self._service.event(code or "PAYMENT.CAPTURE.DENIED", taken["body"])

    def _returned(self, refund: Json, code: str) -> None:
        units, refund["body"]["status"] = refund["refunded"], "FAILED"
        self._service.moved(refund, "refunded", -units, None)
        self._service.keep("refund", refund)
        taken = self._service.found("capture", refund["capture"])
        taken["refunded"] -= units
        taken["body"]["status"] = "PARTIALLY_REFUNDED" if taken["refunded"] else "COMPLETED"
        self._service.keep("capture", taken)
        self._service.event(code or "PAYMENT.REFUND.FAILED", refund["body"])

    def lapse(self) -> None:
        """Let go of what was held for longer than PayPal holds."""
        for hold in self._ledger.all("authorization"):
            if hold["held"] and self._service.now() > hold["lapses"]:
                self._ended(hold, "expired", "EXPIRED", None)

    def _settled(self, kind: str, one: Json, outcome: str) -> None:
        good = outcome == "authorised"
        if kind == "authorization" and not good:
            self._service.moved(one, "voided", one["held"], None)
            one["held"] = 0
        if kind == "capture" and good:
            self._service.moved(one, "captured", one["captured"], None)
        if kind == "capture" and not good and one["authorization"] is None:
            self._service.moved(one, "voided", one["captured"], None)
        if kind == "refund":
            taken = self._service.found("capture", one["capture"])
            if good:
                self._service.moved(one, "refunded", one["refunded"], None)
            else:
                taken["refunded"] -= one["refunded"]
                self._service.keep("capture", taken)
        self._service.keep(kind, one)
        word = {"authorization": "AUTHORIZATION", "capture": "CAPTURE", "refund": "REFUND"}[kind]
        self._service.event(f"PAYMENT.{word}.{one['body']['status']}", one["body"])

    def _given_back(self, call: Call, taken: Json, units: int) -> Json:
        name, currency = capitals(17), taken["body"]["amount"]["currency_code"]
        body = {
            "id": name, "status": "PENDING" if call.pending else "COMPLETED",
            "amount": amount_of(units, currency), "create_time": self._service.at(),
            "custom_id": call.params.get("custom_id") or taken["body"].get("custom_id"),
            "invoice_id": call.params.get("invoice_id"), "links": links("refunds", name),
        }  # fmt: skip
        one: Json = {
            "id": name, "payment": taken["payment"], "order": taken["order"], "body": body,
            "capture": taken["id"], "refunded": units, "made": self._service.now(),
        }  # fmt: skip
        self._service.keep("refund", one)
        taken["refunded"] += units
        whole = taken["refunded"] == taken["captured"]
        taken["body"]["status"] = "REFUNDED" if whole else "PARTIALLY_REFUNDED"
        self._service.keep("capture", taken)
        if not call.pending:
            self._service.moved(one, "refunded", units, call)
        self._service.event("PAYMENT.CAPTURE.REFUNDED", body)
        return one

    def _open(self, call: Call) -> Json:
        hold = self._service.found("authorization", call.found[0])
        issue = _ENDED.get(hold["body"]["status"])
        if issue is not None:
            raise unprocessable(issue, f"The authorisation is {hold['body']['status']}.")
        return hold

    def _ended(self, hold: Json, kind: str, status: str, call: Call | None) -> None:
        if hold["held"]:
            self._service.moved(hold, kind, hold["held"], call)
        hold["held"] = 0
        hold["body"]["status"] = status
        self._service.keep("authorization", hold)
        self._service.event("PAYMENT.AUTHORIZATION.VOIDED", hold["body"])

    @staticmethod
    def _left(hold: Json) -> Json:
        return amount_of(hold["held"], hold["body"]["amount"]["currency_code"])
