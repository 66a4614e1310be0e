// Everything by keyboard alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, leave, theProgram, visitor } from "../portal.js";

/** Goes on with Tab until the focus is on what has that name; what has the focus is always to be seen. */
async function tabTo(page, name, most = 60) {
  for (let n = 0; n < most; n += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const shown = style.outlineStyle !== "none" || style.boxShadow !== "none";
      return { name: label.trim(), visible: box.width > 0 && box.height > 0, shown };
    });
    if (focused.name.includes(name)) {
      assert.ok(focused.visible && focused.shown, `the focus on ${name} is to be seen`);
      return;
    }
  }
  assert.fail(`no way to ${name}`);
}

test("a manager signs in, sets stock right and signs out without a mouse", async () => {
  theProgram().addUser("keyboard-manager", "Manager", ["Hamburg Warehouse"]);
  const page = await visitor();
  await page.goto("/accounts/login/");
  await page.keyboard.type("keyboard-manager");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await tabTo(page, "Stock");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Stock", exact: true }).waitFor();
  await tabTo(page, "Name, SKU or barcode");
  await page.keyboard.type("HMR-001");
  await page.keyboard.press("Enter");
  await page.waitForURL("**q=HMR-001**");
  await tabTo(page, "Adjust");
  await page.keyboard.press("Enter");
  await tabTo(page, "On hand after the count");
  await page.keyboard.type("44");
  await page.keyboard.press("Enter");
  await page.getByText("What is on hand is set.").waitFor();
  await tabTo(page, "keyboard-manager");
  await page.keyboard.press("Enter");
  await tabTo(page, "Sign out");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/accounts/login/");
  await leave(page);
});
