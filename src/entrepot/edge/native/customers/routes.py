"""The native API's customers: the path table, and the lines that connect reading, a question and
writing."""

from __future__ import annotations

from entrepot.core import ids, scopes
from entrepot.core.contacts import exactly
from entrepot.core.partnerships import ACTIVE
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge import prefixes, revisions
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import (
    IF_NONE_MATCH,
    UNCHANGED,
    Call,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.native import as_read, bodies, paging, tagged
from entrepot.edge.native.customers import read, wire, write
from entrepot.edge.native.documented import (
    BODY_ERRORS,
    CHANGING_ONE,
    ERRORS,
    IF_MATCH,
    KEY,
    NOT_FOUND,
    WRITTEN,
)
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.store.reading import partners
from entrepot.writer.envelope import Answer

READ, WRITE = Scoped(scopes.CUSTOMERS_READ), Scoped(scopes.CUSTOMERS_WRITE)


async def list_customers(call: Call) -> Answer:
    """A page of customers."""
    asked = bodies.query(call, wire.CustomerQuery)
    terms = exactly(asked.email, asked.phone, asked.name)
    if "" in terms:
        raise refuse(Reason.INVALID, "must be a telephone number", "phone")
    pages = paging.Pages(call, asked)
    page = await call.read(partners.listed, terms, pages.id_after(), asked.limit)
    shown = list(map(write.customer, page.partners))
    return Answer(200, write.encode(wire.CustomerPage(shown, pages.behind(page.after))))


async def get_customer(call: Call) -> Answer:
    """Answer with one customer."""
    bodies.no_query(call)
    id_ = ids.spelled(call.path_ids["id"], *prefixes.CUSTOMER)
    found = None if id_ is None else await call.read(partners.partner, id_)
    if found is None:
        raise Refused(write.NO_CUSTOMER)
    return tagged.shown(call, write.tag(found), lambda: write.encode(write.customer(found)))


async def make_customer(call: Call) -> Answer:
    """Make a customer whom the organization knows by itself."""
    bodies.no_query(call)
    told, body = await bodies.read(call, read.MAKE)
    key = bodies.keyed(call, "makeCustomer", read.PARTS, body)
    command = read.make_customer(told, call.principal.org)
    answer = await tagged.carry_out(call, command, key, 201, write.told)
    if command.status != ACTIVE:
        call.services.admission.look_again(call.principal.org_id)
    return answer


async def change_customer(call: Call) -> Answer:
    """Change a customer, the contacts, the locations and the partnership together, or nothing."""
    bodies.no_query(call)
    id_ = ids.spelled(call.path_ids["id"], *prefixes.CUSTOMER)
    if id_ is None:
        raise Refused(write.NO_CUSTOMER)
    expected = revisions.expected(call.headers)
    command, key = await as_read.changing(
        call, read.CHANGE, lambda: call.read(partners.partner, id_), write.as_told,
        lambda body: bodies.keyed(call, "changeCustomer", read.PARTS, body, id_),
        lambda told: read.change_customer(told, call.principal.org, id_, expected),
        always=True,
    )  # fmt: skip
    answer = await tagged.carry_out(call, command, key, 200, write.told)
    if command.status is not None:
        call.services.admission.look_again(call.principal.org_id)
    return answer


_ID = Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The customer's id.")
OPERATIONS = (
    Operation(
        method="GET", path="/v1/customers", operation_id="listCustomers",
        summary="List customers", handler=list_customers, access=READ, tag="Customers",
        description="Newest first. A customer is found by address and name a moment after the "
        "first order or the making.",
        parameters=bodies.parameters(
            wire.CustomerQuery, limit=LIMIT_TEXT, after=AFTER_TEXT,
            email="With this mailbox.", phone="With this telephone number.",
            name="With all of these words in the name.",
        ),
        responses={200: Response("A page of customers", wire.CustomerPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/customers", operation_id="makeCustomer",
        summary="Make a customer", handler=make_customer, access=WRITE, tag="Customers",
        parameters=(KEY,), body=wire.MakeCustomer,
        description="A customer whom the organization knows by itself: Polinate's buyer.",
        responses={201: Response("The customer", wire.Customer, WRITTEN), **BODY_ERRORS},
    ),
    Operation(
        method="PATCH", path="/v1/customers/{id}", operation_id="changeCustomer",
        summary="Change a customer", handler=change_customer, access=WRITE, tag="Customers",
        parameters=(_ID, KEY, IF_MATCH), body=wire.ChangeCustomer,
        description="Of a customer whom others told only `partnership_status` can be changed.",
        responses={200: Response("The customer as the customer now is", wire.Customer, WRITTEN),
                   **CHANGING_ONE},
    ),
    Operation(
        method="GET", path="/v1/customers/{id}", operation_id="getCustomer",
        summary="Get a customer", handler=get_customer, access=READ, tag="Customers",
        parameters=(_ID, IF_NONE_MATCH),
        responses={200: Response("The customer", wire.Customer, ("ETag",)), 304: UNCHANGED,
                   **ERRORS, 404: NOT_FOUND},
    ),
)  # fmt: skip
