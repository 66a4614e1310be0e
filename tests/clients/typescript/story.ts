// A day with the client that openapi-typescript makes of the OpenAPI document, in strict TypeScript.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Order = components["schemas"]["OrderOut"];

const client = createClient<paths>({
  baseUrl: process.env["SERVICES"] ?? "",
  headers: { Authorization: `Bearer ${process.env["TOKEN"] ?? ""}` },
});
const stamp = `ts-${process.pid}`;

const branch = await client.POST("/v1/branches", { body: { name: `Quay ${stamp}` } });
assert(branch.data);
const item = await client.POST("/v1/items", { body: { sku: `ROPE-${stamp}`, name: "Rope", unit: "m", decimal_places: 1 } });
assert(item.data);
const place = { branch_id: branch.data.id, item_id: item.data.id };

// The sum of two binary floats is not the decimal: it is refused by name, and exact once it is rounded.
const float = await client.PUT("/v1/stock", { body: { ...place, quantity: 0.1 + 0.2 } });
assert.equal(float.response.status, 422);
assert(float.error);
assert.match(JSON.stringify(float.error.errors), /quantity/);
const counted = await client.PUT("/v1/stock", { body: { ...place, quantity: Number((0.1 + 0.2).toFixed(1)) } });
assert(counted.data);
const onHand: number = counted.data.quantity;
assert.equal(onHand, 0.3);

// The same request twice is one order, and one answer.
const draft = { ...place, lines: [{ item_id: place.item_id, requested_qty: 0.2 }] };
const order = { branch_id: draft.branch_id, lines: draft.lines };
const once = () =>
  client.POST("/v1/orders", { params: { header: { "Idempotency-Key": `order-${stamp}` } }, body: order });
const [first, again] = [await once(), await once()];
assert(first.data && again.data);
assert.deepEqual(again.data, first.data);
assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");

// A body that may be left out is left out.
const at = { params: { path: { id: first.data.id } } };
const fulfilled = await client.POST("/v1/orders/{id}/fulfill", at);
assert(fulfilled.data);
const done: Order = fulfilled.data;
assert.equal(done.status, "fulfilled");
assert.equal(done.lines[0]?.fulfilled_qty, 0.2);

// A problem has its type.
const refused = await client.POST("/v1/orders/{id}/cancel", at);
assert.equal(refused.response.status, 409);
assert.equal(refused.error?.type, "/problems/wrong-state");

const left = await client.GET("/v1/stock", { params: { query: place } });
assert(left.data);
assert.deepEqual(left.data.map((level) => level.quantity), [0.1]);
console.log("TypeScript: 1 passed");
