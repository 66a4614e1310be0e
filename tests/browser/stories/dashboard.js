// The dashboard.

import { test } from "node:test";

import { leave, look, person, theProgram } from "../portal.js";

test("the dashboard shows how things stand", async () => {
  const page = await person("Manager");
  await page.goto("/");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  await look(page, "dashboard");
  await leave(page);
});

test("when the services are away the dashboard shows what was last known, and its age", async () => {
  const line = await theProgram().portalWithALine();
  try {
    const page = await person("Manager", { portal: line.portal });
    await page.goto("/");
    line.cut();
    await page.goto("/");
    await page.getByRole("status").getByText("last known").waitFor();
    await look(page, "dashboard-away");
    line.mend();
    await leave(page);
  } finally {
    await line.close();
  }
});
