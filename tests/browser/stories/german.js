// The other language: every page in German, as wide words make it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, leave, look, person } from "../portal.js";

test("every page is in German for whoever chose it, and fits the screen", async () => {
  const page = await person("Admin", { locale: "de-DE" });
  const orders = await call(page.person, "GET", "/v1/orders?status=submitted&limit=1");
  const paths = {
    dashboard: "/", stock: "/stock/", "as-of": "/stock/as-of/?branch=1&at=2026-01-01T00:00", adjust: "/stock/1/1/adjust/",
    orders: "/orders/", order: `/orders/${orders[0].id}/`, fulfil: `/orders/${orders[0].id}/fulfill/`, "order-new": "/orders/new/",
    items: "/items/", item: "/items/1/", "item-edit": "/items/1/edit/", import: "/items/import/",
    branches: "/branches/", "branch-edit": "/branches/1/edit/", audit: "/audit/", scan: "/scan/?branch=1", search: "/search/?q=1",
    users: "/admin/users/", clients: "/admin/clients/", keys: "/admin/keys/", policies: "/admin/policies/", health: "/admin/health/",
    sessions: "/accounts/sessions/", password: "/accounts/password/", "second-factor": "/accounts/second-factor/",
  };
  for (const [name, path] of Object.entries(paths)) {
    await page.goto(path);
    assert.equal(await page.locator("html").getAttribute("lang"), "de", path);
    await look(page, `german-${name}`, { axe: false });
  }
  await leave(page);
});
