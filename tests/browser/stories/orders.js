// Orders: a phone call becomes one, and it is led through its life.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, leave, look, person } from "../portal.js";

/** An active branch with three items it has plenty of. */
async function plenty(user) {
  const levels = await call(user, "GET", "/v1/stock/summary?limit=200");
  const enough = levels.filter((level) => level.available >= 20 && Number.isInteger(level.available));
  const branch = enough[0].branch_id;
  return { branch, levels: enough.filter((level) => level.branch_id === branch).slice(0, 3) };
}

test("a worker takes an order by phone, and a manager ships it", async () => {
  const manager = await person("Manager");
  const { branch, levels } = await plenty(manager.person);
  const worker = await person("Worker");
  await worker.goto("/orders/");
  await look(worker, "orders");
  await worker.getByRole("link", { name: "New order" }).click();
  await look(worker, "order-new");
  await worker.selectOption("#branch", String(branch));
  await worker.fill("#reference", "PHONE-1");
  // As a person types: the item, Enter; the quantity, Enter.
  await worker.getByLabel("Item of line 1").fill(levels[0].sku);
  await worker.getByText(`${levels[0].item_name} ·`).first().waitFor();
  await worker.keyboard.press("Enter");
  await worker.keyboard.type("2");
  await worker.keyboard.press("Enter");
  await worker.keyboard.type(levels[1].sku, { delay: 120 });
  await worker.keyboard.press("Enter");
  await worker.keyboard.type("3");
  await worker.getByRole("button", { name: "Save the draft" }).click();
  await worker.getByText("The draft is saved.").waitFor();
  const id = new URL(worker.url()).pathname.split("/")[2];
  await look(worker, "order-draft");
  assert.equal(await worker.getByRole("link", { name: "Submit" }).count(), 0, "a worker submits nothing");

  await manager.goto(`/orders/${id}/`);
  await manager.getByRole("link", { name: "Submit" }).click();
  await manager.getByText("The lines below are reserved").waitFor();
  await look(manager, "order-submit");
  await manager.getByRole("button", { name: "Submit" }).click();
  await manager.getByText("its lines are reserved").waitFor();
  await manager.getByRole("link", { name: "Fulfil" }).click();
  await look(manager, "order-fulfil");
  await manager.getByRole("button", { name: "Fulfil" }).click();
  await manager.getByText("have left the branch").waitFor();
  await look(manager, "order-fulfilled");
  const order = await call(manager.person, "GET", `/v1/orders/${id}`);
  assert.deepEqual(order.lines.map((line) => line.fulfilled_qty), [2, 3]);
  await leave(worker);
  await leave(manager);
});

test("each scan of an order is a line of one, whatever the scanner ends it with and wherever the focus is", async () => {
  const page = await person("Admin", { name: "scanning-admin" });
  const { branch } = await plenty(page.person);
  const codes = ["4006381333931", "96385074", "012345678905"];
  const items = [];
  for (const [n, barcode] of codes.entries()) {
    items.push(await call(page.person, "POST", "/v1/items", { sku: `SCAN-${n}`, name: `Scanned ${n}`, barcode }));
  }
  const scan = async (code, end) => {
    await page.keyboard.type(code);
    await page.keyboard.press(end);
  };
  for (const end of ["Enter", "Tab"]) {
    for (const where of ["Item of line 1", "Quantity of line 1"]) {
      await page.goto("/orders/new/");
      await page.selectOption("#branch", String(branch));
      await page.getByLabel(where).focus();
      for (const code of codes) await scan(code, end);
      // The same code again is one more.
      await scan(codes[1], end);
      await page.getByRole("button", { name: "Save the draft" }).click();
      await page.getByText("The draft is saved.").waitFor();
      const order = await call(page.person, "GET", `/v1/orders/${new URL(page.url()).pathname.split("/")[2]}`);
      const lines = order.lines.map(({ item_id, requested_qty }) => [item_id, requested_qty]);
      assert.deepEqual(lines, items.map(({ id }, n) => [id, n === 1 ? 2 : 1]), `${end}, ${where}`);
    }
  }
  await leave(page);
});

test("an order that asks for too much says which line is short and where else there is some", async () => {
  const page = await person("Manager");
  const { branch, levels } = await plenty(page.person);
  const lines = [{ item_id: levels[0].item_id, requested_qty: levels[0].available + 1 }];
  const order = await call(page.person, "POST", "/v1/orders", { branch_id: branch, lines });
  await page.goto(`/orders/${order.id}/`);
  await look(page, "order-short");
  await page.goto(`/orders/${order.id}/submit/`);
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("alert").getByText("not enough stock").waitFor();
  await page.getByText("available", { exact: false }).first().waitFor();
  await look(page, "order-submit-refused");
  await page.goto(`/orders/${order.id}/cancel/`);
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await page.getByText("The order is cancelled.").waitFor();
  await leave(page);
});

test("several orders are led on at once, each with its own result", async () => {
  const page = await person("Manager");
  const { branch, levels } = await plenty(page.person);
  const draft = (quantity, item = levels[2].item_id) =>
    call(page.person, "POST", "/v1/orders", { branch_id: branch, reference: "BULK-1", lines: [{ item_id: item, requested_qty: quantity }] });
  const [good, bad] = [await draft(1), await draft(1_000_000)];
  await page.goto("/orders/?state=draft&reference=BULK-1");
  for (const { id } of [good, bad]) await page.getByLabel(`Choose order ${id}`).check();
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("One order was led on.").waitFor();
  await page.getByText("There is not enough stock").waitFor();
  await look(page, "orders-bulk");
  await leave(page);
});

test("without a script an order is drafted with lines that are wrong at first", async () => {
  const page = await person("Worker", { javaScriptEnabled: false });
  const { branch, levels } = await plenty(page.person);
  await page.goto("/orders/new/");
  await page.selectOption("#branch", String(branch));
  const items = page.locator("[name=item]");
  const quantities = page.locator("[name=quantity]");
  await items.nth(0).fill("NO-SUCH-ITEM");
  await quantities.nth(0).fill("1");
  await items.nth(1).fill(levels[1].sku);
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.getByText("No item has this SKU, barcode or name.").waitFor();
  await page.getByText("Type how much: a number above zero.").waitFor();
  await items.nth(0).fill(levels[0].sku);
  await quantities.nth(1).fill("4");
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.getByText("The draft is saved.").waitFor();
  await page.getByRole("link", { name: "Edit" }).click();
  await quantities.nth(1).fill("5");
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.getByText("The draft is saved again.").waitFor();
  await leave(page);
});
