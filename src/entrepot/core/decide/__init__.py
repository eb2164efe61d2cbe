"""Decisions: (command, facts) -> what to write and what to answer, or a refusal. All pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from entrepot.core.commands import Command
from entrepot.core.decide import (
    adjust,
    amend,
    ask_return,
    bill,
    broadcast,
    bulk,
    buyer,
    capture,
    choose,
    classify,
    complete,
    connect,
    deliver,
    deliver_events,
    hear,
    hold,
    illustrate,
    invite,
    keys,
    lapse,
    late_money,
    look,
    merge,
    mirror,
    note,
    notice,
    notify,
    open_account,
    open_channel,
    operate,
    place,
    price,
    product,
    push,
    refund,
    reprice,
    reserve,
    resolve,
    run_stock,
    set_up,
    settle,
    ship,
    steps,
    stocking,
    subscribe,
    take_back,
    touch,
    wake,
    watch_stock,
)
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.bill import ChangeInvoice
from entrepot.core.decide.broadcast import ChangeBroadcast, RecordBroadcast
from entrepot.core.decide.bulk import ClaimBulkJob, FinishSlice, MakeBulkJob
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.connect import Connect, SwitchConnection
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.deliver_events import ClaimWebhook, SettleDeliveries
from entrepot.core.decide.hear import KeepHeard, ReceiveOrder
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.illustrate import AddMedium
from entrepot.core.decide.invite import InviteMember, JoinMember
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.decide.late_money import SettleHearing
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.merge import MergeOrders
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.notify import NotifyOrder, match_announced
from entrepot.core.decide.open_account import AddAccount, RemoveAccount, SealAnew
from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.price import MakePriceList
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.push import FinishPush, PushProduct
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.reprice import AmendPriceList
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.resolve import ResolveOrder
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.set_up import BeginOrganization, SetOrderSource, TakePaymentSecret
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob, FinishJob, ResumeJob, ResumeOrder
from entrepot.core.decide.stocking import ChangeVariant, MakeLocation, MakeVariant
from entrepot.core.decide.subscribe import (
    ChangeSecret,
    ChangeWebhook,
    MakeWebhook,
    Redeliver,
    RemoveWebhook,
)
from entrepot.core.decide.take_back import ReceiveReturn, TakeBack
from entrepot.core.decide.touch import RecordTouch
from entrepot.core.decide.wake import WakeStep
from entrepot.core.decide.watch_stock import WatchStock
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.refusal import Refusal, Refused
from entrepot.core.results import Decision


class Rule(NamedTuple):
    """The rule of a command: the rows that it needs, and its decision.

    A command that `brings` an order may bring one that was announced, or its name.
    """

    wants: Callable[[Any, Needs], None]
    decide: Callable[[Any, Facts], Decision]
    brings: bool = False


_RULES: dict[type, Rule] = {
    PlaceOrder: Rule(place.wants, place.place, brings=True),
    MirrorOrders: Rule(mirror.wants, mirror.mirror, brings=True),
    AmendOrder: Rule(amend.wants, amend.amend, brings=True),
    NotifyOrder: Rule(notify.wants, notify.notify),
    NoteOrder: Rule(note.wants, note.note),
    ShipOrder: Rule(ship.wants, ship.ship),
    DeliverShipment: Rule(deliver.wants, deliver.deliver),
    LoseShipment: Rule(deliver.wants, deliver.lose),
    CompleteOrder: Rule(complete.wants, complete.complete),
    HoldOrder: Rule(hold.wants_to_hold, hold.hold),
    ReleaseOrder: Rule(hold.wants_to_release, hold.release),
    RequestReturn: Rule(ask_return.wants, ask_return.request),
    ApproveReturn: Rule(ask_return.wants_to_answer, ask_return.approve),
    RefuseReturn: Rule(ask_return.wants_to_answer, ask_return.refuse_return),
    ReceiveReturn: Rule(take_back.wants_to_receive, take_back.receive),
    TakeBack: Rule(take_back.wants, take_back.take_back),
    AdjustStock: Rule(adjust.wants, adjust.adjust),
    MakeProduct: Rule(product.wants_new, product.make),
    AmendProduct: Rule(product.wants, product.amend),
    MakeVariant: Rule(stocking.wants_sku, stocking.make_variant),
    ChangeVariant: Rule(stocking.wants_variant, stocking.change_variant),
    MakeLocation: Rule(stocking.wants_nothing, stocking.make_location),
    ReserveStock: Rule(reserve.wants, reserve.reserve),
    SettlePayment: Rule(settle.wants, settle.settle),
    KeepNotice: Rule(notice.wants, notice.keep),
    CaptureOrder: Rule(capture.wants, capture.capture),
    RefundOrder: Rule(refund.wants, refund.refund),
    PrepareCapture: Rule(capture.wants_to_prepare, capture.prepare),
    HoldLapses: Rule(lapse.wants, lapse.lapse),
    SettleLook: Rule(look.wants, look.settle),
    SettleHearing: Rule(late_money.wants, late_money.settle),
    SettleOperation: Rule(operate.wants, operate.settle),
    MergeOrders: Rule(merge.wants, merge.merge),
    ChangeSettings: Rule(choose.wants, choose.change),
    RunStock: Rule(run_stock.wants, run_stock.run),
    WatchStock: Rule(watch_stock.wants, watch_stock.watch),
    MakeChannel: Rule(open_channel.wants, open_channel.make),
    Connect: Rule(connect.wants, connect.connect),
    SwitchConnection: Rule(connect.wants_one, connect.switch),
    PushProduct: Rule(push.wants, push.push),
    FinishPush: Rule(push.wants_to_finish, push.finish),
    ReceiveOrder: Rule(hear.wants, hear.receive, brings=True),
    KeepHeard: Rule(hear.wants_connection, hear.keep),
    InviteMember: Rule(invite.wants_to_invite, invite.invite),
    JoinMember: Rule(invite.wants_to_join, invite.join),
    MakeWebhook: Rule(subscribe.wants_all, subscribe.make),
    ChangeWebhook: Rule(subscribe.wants, subscribe.change),
    ChangeSecret: Rule(subscribe.wants, subscribe.change_secret),
    RemoveWebhook: Rule(subscribe.wants, subscribe.remove),
    Redeliver: Rule(subscribe.wants, subscribe.redeliver),
    ClaimWebhook: Rule(deliver_events.wants_to_claim, deliver_events.claim),
    SettleDeliveries: Rule(deliver_events.wants_to_settle, deliver_events.settle),
    BeginOrganization: Rule(set_up.wants, set_up.begin),
    SetOrderSource: Rule(set_up.wants, set_up.set_order_source),
    TakePaymentSecret: Rule(set_up.wants, set_up.take_payment_secret),
    AddAccount: Rule(open_account.wants, open_account.add),
    SealAnew: Rule(open_account.wants, open_account.seal_anew),
    RemoveAccount: Rule(open_account.wants, open_account.remove),
    MakeKey: Rule(keys.wants_maker, keys.make),
    RevokeKey: Rule(keys.wants_both, keys.revoke),
    MakeTaxon: Rule(classify.wants, classify.make),
    AddMedium: Rule(illustrate.wants, illustrate.add),
    MakeBulkJob: Rule(bulk.wants_nothing, bulk.make),
    ClaimBulkJob: Rule(bulk.wants_to_claim, bulk.claim),
    FinishSlice: Rule(bulk.wants_to_finish, bulk.finish),
    RecordTouch: Rule(touch.wants, touch.record),
    RecordBroadcast: Rule(broadcast.wants, broadcast.record),
    ChangeBroadcast: Rule(broadcast.wants, broadcast.change),
    MakeBuyer: Rule(buyer.wants_names, buyer.make),
    ChangeBuyer: Rule(buyer.wants, buyer.change),
    MakePriceList: Rule(price.wants, price.make),
    AmendPriceList: Rule(reprice.wants, reprice.amend),
    ChangeInvoice: Rule(bill.wants, bill.change),
    WakeStep: Rule(wake.wants, wake.wake),
    DeferJob: Rule(steps.wants_to_defer, steps.defer),
    FinishJob: Rule(steps.wants_to_finish, steps.finish),
    ResumeOrder: Rule(steps.wants_to_resume, steps.resume),
    ResolveOrder: Rule(resolve.wants, resolve.resolve),
    ResumeJob: Rule(steps.wants_to_resume_job, steps.resume_job),
}


def add_needs(command: Command, needs: Needs) -> None:
    """Add the rows that the command has to see."""
    needs.orgs.add(command.org)
    _RULES[type(command)].wants(command, needs)


def decide(command: Command, facts: Facts) -> Decision | Refusal:
    """Judge a command against the facts. A refusal has touched nothing."""
    rule = _RULES[type(command)]
    try:
        decision = rule.decide(command, facts)
    except Refused as refused:
        return refused.refusal
    if rule.brings and facts.orgs[command.org].announced:
        decision = match_announced(command.org, decision, facts)
    return decision


def of_order(command: Command) -> bytes | None:
    """The id of the one order that the command is about; None where it names none."""
    return getattr(command, "order_id", None)


def size(command: Command) -> int:
    """How much there is to write: orders, lines and members of properties."""
    if type(command) is PlaceOrder:
        return 1 + len(command.lines) + _told_members(command.said)
    if isinstance(command, MirrorOrders):
        return sum([1 + len(one.lines) + _told_members(one.said) for one in command.drafts])
    if isinstance(command, AmendOrder):
        lines = len(command.create_lines) + len(command.update_lines) + len(command.delete_lines)
        return 1 + lines + _members(command.properties)
    if isinstance(command, MakeProduct):
        return 1 + len(command.variants)
    if isinstance(command, ReceiveOrder) and command.placing is not None:
        return 1 + len(command.placing.lines)
    return 1


def _told_members(said: dict[str, Any]) -> int:
    """How many members the properties of a new order have, about: each is a row to write."""
    properties: str | None = said.get("properties")
    return 0 if properties is None else properties.count('":')


def _members(properties: dict[str, Any] | None) -> int:
    if not properties:
        return 0
    inner = [_members(value) for value in properties.values() if isinstance(value, dict)]
    return len(properties) + sum(inner)


def weight(command: Command) -> int:
    """How many orders the command writes; a batch is bounded by the sum."""
    return len(command.drafts) if isinstance(command, MirrorOrders) else 1
