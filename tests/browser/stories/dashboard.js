// The dashboard: how things stand, as it changes, and when the services are away.

import { test } from "node:test";

import { call, leave, look, person, theProgram } from "../portal.js";

test("a manager sees how things stand, and every figure leads to its list", async () => {
  const page = await person("Manager");
  await page.goto("/");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await page.getByText("Totals as of").waitFor({ timeout: 20_000 }).catch(() => page.reload());
  await look(page, "dashboard");
  await page.getByRole("term").filter({ hasText: "Below minimum" }).locator("+ dd a").click();
  await page.waitForURL("**/stock/?show=below");
  await leave(page);
});

test("the dashboard follows what happens without a reload", async () => {
  const page = await person("Admin");
  await page.goto("/");
  const drafts = page.getByRole("term").filter({ hasText: /^Drafts$/ }).locator("+ dd");
  const before = Number((await drafts.innerText()).replace(/\D/g, ""));
  const [branch] = await call(page.person, "GET", "/v1/branches?limit=1");
  const [item] = await call(page.person, "GET", "/v1/items?limit=1");
  // The page counts as it is only once its events are open; the change must come after that.
  await page.waitForTimeout(4_000);
  const lines = [{ item_id: item.id, requested_qty: 1 }];
  await call(page.person, "POST", "/v1/orders", { branch_id: branch.id, lines });
  await page.waitForFunction(
    (most) => Number([...document.querySelectorAll("dt")].find((dt) => dt.textContent === "Drafts").nextElementSibling.textContent.replace(/\D/g, "")) > most,
    before,
    { timeout: 15_000 },
  );
  await leave(page);
});

test("when the services are away every page comes with what was last known, and its age", async (t) => {
  const line = await theProgram().portalWithALine();
  try {
    const page = await person("Manager", { portal: line.portal });
    const pages = ["/", "/stock/", "/orders/", "/items/", "/branches/"];
    for (const path of pages) await page.goto(path);
    line.cut();
    for (const path of pages) {
      const begun = Date.now();
      await page.goto(path);
      await page.getByRole("status").getByText("last known").waitFor();
      // Two seconds are promised; here much else runs beside it. A page that waited for an answer would never come.
      t.diagnostic(`${path} without services: ${Date.now() - begun} ms`);
    }
    await page.goto("/stock/");
    await look(page, "stock-away");
    await page.goto("/stock/?show=zero");
    await page.getByText("There is nothing to show yet").waitFor();
    line.mend();
    await page.waitForTimeout(1_000);
    await page.goto("/stock/?show=zero");
    await leave(page);
  } finally {
    await line.close();
  }
});
