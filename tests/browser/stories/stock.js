// Stock: finding it, setting it right, undoing that, and looking back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { call, leave, look, person } from "../portal.js";

/** A level of the seeded company that has something on hand. */
async function someLevel(user) {
  const levels = await call(user, "GET", "/v1/stock/summary?limit=50");
  return levels.find((level) => level.quantity > 5 && Number.isInteger(level.quantity));
}

test("a manager finds stock by SKU, filters it, keeps the view, and takes it along as a file", async () => {
  const page = await person("Manager");
  const level = await someLevel(page.person);
  await page.goto("/stock/");
  await look(page, "stock");
  await page.fill("#q", level.sku);
  await page.press("#q", "Enter");
  await page.getByRole("link", { name: level.item_name, exact: true }).first().waitFor();
  await page.selectOption("#branch", String(level.branch_id));
  await page.waitForURL(`**branch=${level.branch_id}**`);
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.click("text=Save this view");
  await page.fill("#view-name", "My hammer");
  await page.click(".save-view button");
  await page.getByRole("link", { name: "My hammer" }).waitFor();
  await page.goto("/stock/");
  await page.getByRole("link", { name: "My hammer" }).click();
  await page.waitForURL(`**q=${level.sku}**`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  const lines = readFileSync(await file.path(), "utf8").trim().split("\n");
  assert.equal(lines.length, 2);
  assert.ok(lines[1].includes(level.sku));
  await page.getByRole("button", { name: "Forget the view My hammer" }).click();
  await page.getByText("The view is forgotten.").waitFor();
  await leave(page);
});

test("a manager finds out why a count is off, sets it right, and undoes it", async () => {
  const page = await person("Manager");
  const level = await someLevel(page.person);
  await page.goto(`/items/${level.item_id}/?branch=${level.branch_id}`);
  await look(page, "item");
  await page.goto(`/stock/${level.branch_id}/${level.item_id}/adjust/`);
  await look(page, "adjust");
  await page.fill("#quantity", String(level.quantity - 2));
  await page.fill("#reason", "two were broken");
  await page.click("text=Set what is on hand");
  await page.getByText("What is on hand is set.").waitFor();
  const newest = page.locator("#ledger tbody tr").first();
  assert.match(await newest.innerText(), /−2[^]*two were broken/);
  await newest.getByRole("button", { name: "Undo" }).click();
  await page.getByText("undone by a movement against it").waitFor();
  const [after] = await call(page.person, "GET", `/v1/stock?branch_id=${level.branch_id}&item_id=${level.item_id}`);
  assert.equal(after.quantity, level.quantity);
  await leave(page);
});

test("a level is set right in its row, and set back at once", async () => {
  const page = await person("Manager");
  const level = await someLevel(page.person);
  const now = async () => (await call(page.person, "GET", `/v1/stock?branch_id=${level.branch_id}&item_id=${level.item_id}`))[0].quantity;
  await page.goto(`/stock/?branch=${level.branch_id}&q=${encodeURIComponent(level.sku)}`);
  await page.locator("details.adjust > summary").first().click();
  const form = page.locator("details.adjust[open] form");
  await look(page, "stock-adjust");
  await form.getByLabel("On hand after the count").fill(String(level.quantity + 3));
  await form.getByLabel("Reason").fill("found behind the shelf");
  await form.getByRole("button", { name: "Set what is on hand" }).click();
  await page.getByText("What is on hand is set.").waitFor();
  assert.match(page.url(), new RegExp(`branch=${level.branch_id}`), "the list is as it was");
  assert.equal(await now(), level.quantity + 3);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("undone by a movement against it").waitFor();
  assert.equal(await now(), level.quantity);
  await leave(page);
});

test("a quantity that cannot be is told beside its field, and what was typed stays", async () => {
  const page = await person("Manager");
  const level = await someLevel(page.person);
  await page.goto(`/stock/${level.branch_id}/${level.item_id}/adjust/`);
  await page.fill("#quantity", "-5");
  await page.fill("#reason", "nonsense");
  await page.click("text=Set what is on hand");
  await page.locator("#refusal").waitFor();
  assert.equal(await page.inputValue("#reason"), "nonsense");
  await look(page, "adjust-refused");
  await leave(page);
});

test("an auditor sees stock as it stood, and what changed between two times", async () => {
  const page = await person("Auditor");
  const level = await someLevel(page.person);
  await page.goto("/stock/as-of/");
  await page.selectOption("#branch", String(level.branch_id));
  const weeks = (n) => new Date(Date.now() - n * 7 * 86_400_000).toISOString().slice(0, 16);
  await page.fill("#at", weeks(4));
  await page.click("text=Show");
  await page.locator("tbody tr").nth(3).waitFor();
  await look(page, "as-of");
  await page.fill("#until", weeks(1));
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("columnheader", { name: "Change" }).waitFor();
  await look(page, "as-of-changes");
  assert.equal(await page.getByText("Adjust", { exact: true }).count(), 0, "an auditor changes nothing");
  await leave(page);
});
