// Texts that would be scripts stay texts, in every field, on every page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HOSTILE } from "../hostile.js";
import { call, fits, leave, person } from "../portal.js";

/** Does something with each, some at a time. */
async function each(things, act, atOnce = 20) {
  for (let start = 0; start < things.length; start += atOnce) {
    await Promise.all(things.slice(start, start + atOnce).map((thing, n) => act(thing, start + n)));
  }
}

test("200 texts that would run a script are shown as they were typed, wherever they come", async () => {
  assert.equal(new Set(HOSTILE).size, 200);
  const page = await person("Admin", { name: "hostile-admin", size: "phone" });
  const as = (method, path, body) => call(page.person, method, path, body);
  const branch = await as("POST", "/v1/branches", { name: HOSTILE[1], location: HOSTILE[2], code: "HOSTILE" });
  // Whatever cannot be in a field is refused there; most can be in all of these.
  const text = (hostile) => hostile.replace(/[\t\n]/g, " ");
  const items = [];
  await each(HOSTILE, async (hostile, n) => {
    const item = { sku: `H-${n} ${text(hostile)}`.slice(0, 64).trim(), name: text(hostile), description: text(hostile), unit: "<b>" };
    items[n] = await as("POST", "/v1/items", item);
  });
  await each(HOSTILE, (hostile, n) =>
    as("PUT", "/v1/stock", { branch_id: branch.id, item_id: items[0].id, quantity: n + 1, reason: text(hostile) }), 1);
  await each(HOSTILE, (hostile, n) => as("POST", "/v1/orders", {
    branch_id: branch.id,
    reference: text(hostile).slice(0, 100),
    note: text(hostile),
    lines: [{ item_id: items[n].id, requested_qty: 1 }],
  }));
  // One order asks for them all, so that whatever text is the widest is on its pages.
  const order = await as("POST", "/v1/orders", {
    branch_id: branch.id,
    reference: text(HOSTILE[4]).slice(0, 100),
    lines: items.map((item) => ({ item_id: item.id, requested_qty: 1 })),
  });

  const visited = [];
  const visit = async (path, pages = 1) => {
    await page.goto(path);
    for (let n = 0; n < pages; n += 1) {
      assert.equal(await page.evaluate(() => window.hostile), undefined, page.url());
      assert.equal(await page.locator("iframe, object, embed, base, marquee, math").count(), 0, page.url());
      await fits(page);
      visited.push(page.url());
      const next = page.locator("a[rel=next]");
      if (n + 1 === pages || (await next.count()) === 0) return;
      await next.click();
      await page.waitForLoadState();
    }
  };
  await visit("/items/?q=H-", 5);
  await visit(`/items/${items[0].id}/`, 9);
  await visit(`/stock/?branch=${branch.id}`);
  await visit(`/orders/?branch=${branch.id}`, 5);
  await visit("/audit/", 6);
  await visit("/branches/");
  await visit(`/orders/${order.id}/`);
  await visit(`/orders/${order.id}/submit/`);
  await visit(`/orders/${order.id}/edit/`);
  await visit(`/items/${items[3].id}/edit/`);
  await visit(`/branches/${branch.id}/edit/`);
  await visit(`/stock/${branch.id}/${items[0].id}/adjust/`);
  await visit(`/?branch=${branch.id}`);
  for (let n = 0; n < 200; n += 8) {
    const query = encodeURIComponent(HOSTILE[n]);
    await visit(`/search/?q=${query}`);
    await visit(`/scan/?code=${query}&branch=${branch.id}`);
    await visit(`/stock/?q=${query}&show=${query}&hide=${query}`);
  }
  assert.ok(visited.length > 90, `${visited.length} pages`);
  // What the browser tells of a text that it took for a script and forbade would be here.
  await leave(page);
});
