// Clients that @hey-api/openapi-ts makes of the documents live a whole story on a server.
// `node built/stories.js TOLD`: TOLD is a file with the server's address and what it is asked with.
// Every answer is validated; an answer that is no success is thrown.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import * as konvo from "./made/konvo/sdk.gen.js";
import * as native from "./made/native/sdk.gen.js";
import * as polinate from "./made/polinate/sdk.gen.js";
import * as publishedKonvo from "./made/published_konvo/sdk.gen.js";
import * as publishedPolinate from "./made/published_polinate/sdk.gen.js";
import * as publishedSynq from "./made/published_synq/sdk.gen.js";
import * as synq from "./made/synq/sdk.gen.js";

interface Told {
  url: string;
  headers: Record<string, Record<string, string>>;
  bodies: Record<string, any>;
}

const told: Told = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const bodies = told.bodies;

function how(dialect: string) {
  return { baseUrl: told.url, headers: told.headers[dialect]!, throwOnError: true } as const;
}

async function eventually<T>(probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    assert(Date.now() < deadline, "not within a minute");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function inSynq(): Promise<void> {
  const headers = told.headers.synq!;
  const common = {
    ...how("synq"),
    headers: {
      Authorization: headers.Authorization!,
      "X-Tenant-ID": headers["X-Tenant-ID"]!,
      "X-Org-ID": headers["X-Org-ID"]!,
    },
  } as const;
  const body = { ...bodies.synq, idempotency_key: randomUUID() };
  const { data: placed } = await synq.createOrder({ ...common, body });
  const { data: again } = await synq.createOrder({ ...common, body });
  assert.equal(placed.order_id, again.order_id);
  const path = { orderID: placed.order_id };
  await eventually(async () => {
    const { data: order } = await synq.getOrder({ ...common, path });
    return order.status === "confirmed" ? order : undefined;
  });
  const { data: page } = await synq.listOrders({ ...common, query: { limit: 2, offset: 0 } });
  assert.equal(page.limit, 2);
  await synq.adjustInventory({ ...common, body: bodies.stock });
  await synq.putTenantSettings({ ...common, body: bodies.settings });
  await synq.getTenantSettings(common);
  await synq.listChannels(common);
  await synq.listMembers(common);
  await synq.listAudit(common);
}

async function inPublishedSynq(): Promise<void> {
  const common = how("synq");
  const body = { ...bodies.synq, idempotency_key: randomUUID() };
  const { data: placed } = await publishedSynq.postApiV1OmsOrders({ ...common, body });
  const path = { orderID: placed!.order_id };
  const { data: order } = await publishedSynq.getApiV1OmsOrdersByOrderId({ ...common, path });
  assert.equal(order!.id, placed!.order_id);
  const { data: page } = await publishedSynq.getApiV1OmsOrders({ ...common, query: { limit: 1 } });
  assert.equal(page!.orders!.length, 1);
}

async function inKonvo(): Promise<void> {
  const common = how("konvo");
  const order = { ...bodies.konvo, id: randomUUID() };
  const { data: made } = await konvo.createOrders({ ...common, body: [order] });
  assert.equal(made.count, 1);
  const { data: read } = await konvo.getOrder({ ...common, path: { ID: order.id } });
  assert.equal(read.result[0]!.orderTotal, order.orderTotal);
  await konvo.listOrders({ ...common, query: { limit: 1 } });
  const contact = await eventually(async () => {
    const { data: page } = await konvo.listContacts(common);
    return page.result[0];
  });
  const origin = randomUUID();
  const ours = how("native");
  await native.recordBroadcast({ ...ours, body: { id: origin, name: "Spring" } });
  await native.recordTouch({
    ...ours,
    body: {
      contact: { id: contact.id }, kind: "click", origin: "broadcast", origin_id: origin,
      country: "DE", click: { ip_address: "192.0.2.1" },
    },
  });
  const { data: clicks } = await konvo.listClicks({ ...common, query: { originId: origin } });
  assert.equal(clicks.count, 1);
  await konvo.createOrders({ ...common, body: [{ ...bodies.konvo, id: randomUUID() }] });
  await konvo.listAttributions(common);
  const { data: broadcasts } = await konvo.listBroadcasts(common);
  assert(broadcasts.result.some((one) => one.id === origin));
}

async function inPublishedKonvo(): Promise<void> {
  const body = [{ ...bodies.konvo, id: randomUUID() }];
  const { data: made } = await publishedKonvo.postOrders({ ...how("konvo"), body });
  assert.equal(made!.count, 1);
}

async function inPolinate(): Promise<void> {
  const headers = told.headers.polinate!;
  const credentials = {
    "X-Business-Id": headers["X-Business-Id"]!,
    "X-API-Key": headers["X-API-Key"]!,
  };
  const common = { ...how("polinate"), headers: credentials } as const;
  const keyed = () => ({ ...common, headers: { ...credentials, "Idempotency-Key": randomUUID() } });
  const { data: made } = await polinate.createOrder({ ...keyed(), body: bodies.polinate });
  const id = (made as { id: string }).id;
  await polinate.updateOrder({
    ...keyed(), path: { id }, body: { order: { notes: "at the back door" } },
  });
  const { data: order } = await polinate.getOrder({ ...common, path: { id } });
  assert.equal(order.notes, "at the back door");
  await polinate.listOrders({ ...common, query: { limit: 1 } });
  const theirs = { path: { id }, ...common };
  await publishedPolinate.getApiV1OrdersById(theirs);
  await publishedPolinate.patchApiV1OrdersById({ ...theirs, body: { order: { notes: "now" } } });
  const notice = { orderId: `ord-${randomUUID()}`, businessId: credentials["X-Business-Id"] };
  const { data: taken } = await publishedPolinate.postApiV1Orders({ ...common, body: notice });
  assert.equal(taken!.success, true);
}

async function inNative(): Promise<void> {
  const common = how("native");
  const { data: placed } = await native.placeOrder({ ...common, body: bodies.native });
  const ref = (placed as { id: string }).id;
  await eventually(async () => {
    const { data: order } = await native.getOrder({ ...common, path: { ref } });
    return order.stage === "confirmed" ? order : undefined;
  });
  await native.explainOrder({ ...common, path: { ref } });
  const { data: sent } = await native.shipOrder({
    ...common, path: { ref }, body: { carrier: "DHL" },
  });
  await native.deliverShipment({ ...common, path: { id: (sent as { id: string }).id } });
  await native.completeOrder({ ...common, path: { ref } });
  await native.listOrderEvents({ ...common, path: { ref } });
  await native.listOrders({ ...common, query: { limit: 5 } });
  await native.listVariants(common);
  await native.listStock(common);
  await native.listLedger(common);
  await native.listLocations(common);
  await native.listEvents(common);
  await native.getSettings(common);
  await native.listKeys(common);
  await native.listWebhooks(common);
  await native.listTouches(common);
}

const stories = {
  inSynq, inPublishedSynq, inKonvo, inPublishedKonvo, inPolinate, inNative,
};
for (const [name, story] of Object.entries(stories)) {
  try {
    await story();
  } catch (error) {
    console.error(name, error);
    process.exitCode = 1;
  }
}
