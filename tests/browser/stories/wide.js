// Texts that cannot be broken between words, as long as their fields take them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, fits, leave, person } from "../portal.js";

/** A word of so many of the widest letter. */
const word = (letters) => "W".repeat(letters);

for (const size of ["phone", "tablet", "laptop", "desktop"]) {
  test(`no page is wider than the screen of a ${size}, however long the words on it are`, async () => {
    const page = await person("Admin", { name: `${word(30)}-${size}`, size });
    const as = (method, path, body) => call(page.person, method, path, body);
    // What must be unique ends in what tells the two apart.
    const own = (letters) => word(letters - 8) + size.padEnd(8, "W");
    const branch = await as("POST", "/v1/branches", { name: own(100), location: word(200), code: own(16).toUpperCase() });
    const item = await as("POST", "/v1/items", { sku: own(64), name: own(200), description: word(1_000), unit: word(16) });
    const level = { branch_id: branch.id, item_id: item.id };
    await as("PUT", "/v1/stock", { ...level, quantity: 1_234_567, reason: word(500) });
    const draft = async () => {
      const lines = [{ item_id: item.id, requested_qty: 123_456 }];
      return as("POST", "/v1/orders", { branch_id: branch.id, reference: word(100), note: word(2_000), lines });
    };
    const [open, done] = [await draft(), await draft()];
    await as("POST", `/v1/orders/${done.id}/fulfill`, {});
    const [entry] = await as("GET", "/v1/audit?limit=1");
    const query = encodeURIComponent(word(100));
    const paths = [
      "/", `/?branch=${branch.id}`, "/scan/", `/scan/?branch=${branch.id}&code=${encodeURIComponent(item.sku)}`,
      `/scan/?branch=${branch.id}&code=${query}`, `/search/?q=${query}`, "/branches/", `/branches/${branch.id}/edit/`,
      "/items/", `/items/?q=${query}`, "/items/labels/", `/items/${item.id}/`,
      `/items/${item.id}/edit/`, `/items/${item.id}/labels/`, "/stock/", `/stock/?branch=${branch.id}`,
      `/stock/?q=${query}`, `/stock/as-of/?branch=${branch.id}`, `/stock/${branch.id}/${item.id}/adjust/`, "/orders/",
      `/orders/?branch=${branch.id}`, "/orders/new/", `/orders/${open.id}/`, `/orders/${open.id}/edit/`,
      ...["submit", "fulfill", "cancel"].map((verb) => `/orders/${open.id}/${verb}/`), `/orders/${done.id}/`, "/audit/",
      `/audit/${entry.id}/seal/`, "/admin/users/", "/admin/health/", "/accounts/sessions/",
    ];
    for (const path of paths) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path);
      await fits(page);
    }
    await leave(page);
  });
}
