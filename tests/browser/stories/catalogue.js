// Items, branches, and what the audit says of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { call, leave, look, person } from "../portal.js";

test("a manager adds an item, is told what is wrong beside the field, and sees it in the audit as an auditor", async () => {
  const page = await person("Manager");
  const [other] = await call(page.person, "GET", "/v1/items?limit=1");
  await page.goto("/items/");
  await look(page, "items");
  await page.getByRole("link", { name: "New item" }).click();
  await page.fill("#name", "Brass hook");
  await page.fill("#sku", other.sku);
  await page.fill("#min_stock_level", "many");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Type a number with at most 3 decimal places").waitFor();
  await look(page, "item-new-refused");
  await page.fill("#min_stock_level", "2.5");
  await page.selectOption("#decimal_places", "1");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Something else already has this name, SKU, barcode, code or reference.").waitFor();
  await page.fill("#sku", "HOOK-BRASS-1");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The item is created.").waitFor();
  const id = new URL(page.url()).pathname.split("/")[2];
  await page.getByRole("link", { name: "Edit" }).click();
  await look(page, "item-edit");
  await page.fill("#name", "Brass hook, large");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The item is saved.").waitFor();
  await leave(page);

  const auditor = await person("Auditor");
  await auditor.goto(`/audit/?entity_type=item&entity_id=${id}`);
  await auditor.locator("tbody summary").first().click();
  await auditor.getByText("Brass hook, large").waitFor();
  await look(auditor, "audit");
  await auditor.goto("/audit/?entity_type=order");
  await auditor.locator("tbody summary").last().click();
  await auditor.getByRole("link", { name: "Check its seal" }).last().click();
  await auditor.getByText(/as it was sealed|No seal covers it yet/).waitFor();
  await look(auditor, "audit-seal");
  await leave(auditor);
});

test("who edits what somebody else has changed meanwhile is told so, and nothing is overwritten", async () => {
  const [one, two] = [await person("Admin"), await person("Admin")];
  const [item] = await call(one.person, "GET", "/v1/items?limit=1&cursor=c20-0");
  await one.goto(`/items/${item.id}/edit/`);
  await two.goto(`/items/${item.id}/edit/`);
  await two.fill("#description", "changed by the second");
  await two.getByRole("button", { name: "Save" }).click();
  await two.getByText("The item is saved.").waitFor();
  await one.fill("#description", "changed by the first");
  await one.getByRole("button", { name: "Save" }).click();
  await one.getByText("Somebody else changed it since you opened it.").waitFor();
  assert.equal(await one.inputValue("#description"), "changed by the second");
  await look(one, "item-stale");
  await leave(one);
  await leave(two);
});

test("an admin adds a branch and changes its clock", async () => {
  const page = await person("Admin");
  await page.goto("/branches/");
  await look(page, "branches");
  await page.getByRole("link", { name: "New branch" }).click();
  await page.fill("#name", "Reykjavik Kiosk");
  await page.fill("#timezone", "Mars/Olympus");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#timezone-error").waitFor();
  await look(page, "branch-new-refused");
  await page.fill("#timezone", "Atlantic/Reykjavik");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The branch is created.").waitFor();
  await leave(page);
});

test("a manager imports a catalogue with mistakes in it: what would change is shown first", async () => {
  const page = await person("Manager");
  const [known] = await call(page.person, "GET", "/v1/items?limit=1&cursor=c30-0");
  await page.goto("/items/import/");
  await page.fill("#text", "sku,name,colour\nX,Y,red\n");
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByText("There is no column called “colour”.").waitFor();
  const rows = [
    "sku;name;unit;min_stock_level",
    "IMPORT-1;Imported bolt;pcs;5",
    `${known.sku};${known.name}, renamed;${known.unit};${known.min_stock_level}`,
    "IMPORT-2;;pcs;5",
    "IMPORT-3;Imported nut;pcs;plenty",
  ];
  await page.fill("#text", rows.join("\n"));
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByText("1 new, 1 changed, 0 as they are, 2 wrong. Nothing is written yet.").waitFor();
  await look(page, "items-import");
  assert.deepEqual(await call(page.person, "GET", "/v1/items?sku=IMPORT-1"), []);
  await page.getByRole("button", { name: "Carry out the good rows" }).click();
  await page.getByText("2 rows were carried out.").waitFor();
  const [imported] = await call(page.person, "GET", "/v1/items?sku=IMPORT-1");
  assert.equal(imported.min_stock_level, 5);
  await leave(page);
});
