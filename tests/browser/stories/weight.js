// What a page weighs on a bad line, and whether it stands still while it comes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { leave, person } from "../portal.js";

test("a first visit takes less than 200 kB over the wire, and nothing moves while it comes", async () => {
  const page = await person("Admin");
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  // A slow phone paints while a table still comes.
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  for (const path of ["/", "/stock/", "/orders/", "/items/1/", "/scan/", "/admin/users/"]) {
    bytes = 0;
    await page.goto(path, { waitUntil: "load" });
    await page.waitForTimeout(300);
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
      requestAnimationFrame(() => setTimeout(() => resolve(sum), 50));
    }));
    assert.ok(bytes > 1_000 && bytes < 200_000, `${path}: ${bytes} bytes`);
    assert.ok(shift < 0.001, `${path} moves by ${shift}`);
    console.log(`${path}: ${bytes} bytes`);
  }
  await leave(page);
});
