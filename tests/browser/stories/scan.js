// On a phone in the stockroom, and looking for anything.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { film } from "../barcode.js";
import { call, leave, look, person, signIn, theProgram, visitor } from "../portal.js";

/** A branch's item with a barcode and something on hand. */
async function shelf(user) {
  const levels = await call(user, "GET", "/v1/stock/summary?limit=200");
  const items = await call(user, "GET", "/v1/items?limit=200");
  const level = levels.find(({ item_id, quantity }) =>
    quantity > 10 && Number.isInteger(quantity) && items.find((item) => item.id === item_id)?.barcode);
  return { level, item: items.find((item) => item.id === level.item_id) };
}

test("a manager scans an item on a phone, counts it, and takes some away", async () => {
  const page = await person("Manager", { size: "phone" });
  const { level, item } = await shelf(page.person);
  await page.goto("/scan/");
  await look(page, "scan");
  await page.selectOption("#branch", String(level.branch_id));
  await page.waitForURL("**branch=**");
  // As a scanner types, and ends with Enter.
  await page.locator("#code").fill(item.barcode);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: item.name }).waitFor();
  await look(page, "scan-item");
  // Nothing is chosen yet, so that Enter changes nothing.
  await page.fill("#quantity", "1");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("input[name=how]:invalid").count(), 3);
  await page.fill("#quantity", String(level.quantity + 1));
  await page.getByText("Counted", { exact: true }).click();
  await page.getByRole("button", { name: "Enter it" }).click();
  await page.getByText("Saved. Scan the next one.").waitFor();
  await page.fill("#quantity", "3");
  await page.getByText("Take", { exact: true }).click();
  await page.getByRole("button", { name: "Enter it" }).click();
  await page.getByText("Saved. Scan the next one.").waitFor();
  assert.ok(await page.getByRole("radio", { name: "Take" }).isChecked(), "the choice is kept");
  const [after] = await call(page.person, "GET", `/v1/stock?branch_id=${level.branch_id}&item_id=${item.id}`);
  assert.equal(after.quantity, level.quantity - 2);
  const box = await page.getByText("Counted", { exact: true }).boundingBox();
  assert.ok(box.height >= 44 && box.width >= 44, "a target for a thumb");
  await page.goto("/scan/?code=0000000000000");
  await page.getByText("No item has the code 0000000000000.").waitFor();
  await leave(page);
});

test("a phone's camera reads a barcode, and the item is shown", async () => {
  const keeper = await person("Manager");
  const { level, item } = await shelf(keeper.person);
  const camera = join(theProgram().dir, "barcode.y4m");
  film(item.barcode, camera);
  const page = await visitor({ size: "phone", camera });
  await signIn(page, keeper.person, `/scan/?branch=${level.branch_id}`);
  await page.getByRole("button", { name: "Read with the camera" }).click();
  await page.waitForURL(`**code=${item.barcode}**`);
  await page.getByRole("heading", { name: item.name }).waitFor();
  await leave(page);
  await leave(keeper);
});

test("the slash leads to the search box, which finds items, orders, branches and people", async () => {
  const page = await person("Admin", { name: "searching-admin" });
  const { item } = await shelf(page.person);
  await page.goto("/stock/");
  await page.locator("h1").click();
  await page.keyboard.press("/");
  await page.keyboard.type("hamburg");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Hamburg Warehouse" }).waitFor();
  await look(page, "search");
  await page.goto("/search/?q=searching-adm");
  await page.getByRole("cell", { name: "searching-admin" }).waitFor();
  await page.goto("/search/?q=2");
  await page.getByRole("link", { name: "2", exact: true }).waitFor();
  await page.goto("/search/?q=no-such-thing");
  await page.getByText("Nothing was found.").waitFor();
  await page.goto(`/search/?q=${item.barcode}`);
  await page.getByRole("heading", { name: item.name }).waitFor();
  await leave(page);
});

test("pick lists, packing slips and labels are printed as PDF", async () => {
  const page = await person("Manager");
  const [order] = await call(page.person, "GET", "/v1/orders?status=fulfilled&limit=1");
  for (const path of [
    `/orders/${order.id}/print/pick-list/`,
    `/orders/${order.id}/print/packing-slip/`,
    "/items/1/labels/?copies=30",
    "/items/labels/?q=hammer",
  ]) {
    const answer = await page.request.get(path);
    assert.equal(answer.status(), 200, path);
    assert.equal(answer.headers()["content-type"], "application/pdf");
    assert.equal((await answer.body()).subarray(0, 5).toString(), "%PDF-");
  }
  await leave(page);
});
