// One's own account: signing in, the second factor, sessions, language and appearance.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { PASSWORD, leave, look, person, signIn, theProgram, visitor } from "../portal.js";

/** The code that an authenticator with that secret shows now (RFC 6238). */
function code(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a wrong password is told calmly, and the right one leads to where one was going", async () => {
  theProgram().addUser("ada", "Worker");
  const page = await visitor();
  await page.goto("/accounts/sessions/?x=1");
  await look(page, "sign-in");
  await page.fill("#username", "ada");
  await page.fill("#password", "not this one");
  await page.press("#password", "Enter");
  await page.getByRole("alert").getByText("do not match").waitFor();
  await look(page, "sign-in-refused");
  assert.equal(await page.inputValue("#username"), "ada");
  await page.fill("#password", PASSWORD);
  await page.press("#password", "Enter");
  await page.waitForURL("**/accounts/sessions/?x=1");
  await look(page, "sessions");
  await leave(page);
});

test("somebody sets up a second factor, and signs in with it", async () => {
  const page = await person("Manager");
  await page.goto("/accounts/second-factor/");
  await look(page, "second-factor");
  const secret = await page.inputValue("#secret");
  await page.fill("#code", code(secret));
  await page.fill("#password", PASSWORD);
  await page.click("text=Set it up");
  await page.getByText("Recovery codes").first().waitFor();
  const recovery = await page.locator(".codes li").first().innerText();
  await look(page, "recovery-codes");
  const elsewhere = await visitor();
  await signIn(elsewhere, page.person, "/accounts/password/");
  await elsewhere.waitForURL("**/accounts/second-step/**");
  await look(elsewhere, "second-step");
  await elsewhere.fill("#code", "000000");
  await elsewhere.press("#code", "Enter");
  await elsewhere.getByRole("alert").waitFor();
  await elsewhere.fill("#code", recovery);
  await elsewhere.press("#code", "Enter");
  await elsewhere.waitForURL("**/accounts/password/");
  await look(elsewhere, "password");
  await leave(elsewhere);
  await leave(page);
});

test("the pages are in the language and the appearance that one chooses", async () => {
  const page = await person("Worker");
  await page.goto("/accounts/password/");
  await page.click(".menu > summary");
  await page.selectOption("#language", "de");
  await page.selectOption("#theme", "dark");
  await page.click(".preferences button");
  await page.getByRole("heading", { name: "Passwort" }).waitFor();
  assert.match(page.url(), /\/accounts\/password\/$/);
  assert.equal(await page.getAttribute("html", "lang"), "de");
  assert.equal(await page.getAttribute("html", "data-bs-theme"), "dark");
  await leave(page);
});

test("whoever has no script signs in, changes the language and signs out", async () => {
  theProgram().addUser("no-script", "Worker");
  const page = await visitor({ javaScriptEnabled: false });
  await signIn(page, "no-script", "/accounts/sessions/");
  await page.getByRole("heading", { name: "Sessions" }).waitFor();
  await page.click(".menu > summary");
  await page.selectOption("#language", "de");
  await page.click(".preferences button");
  await page.getByRole("heading", { name: "Sitzungen" }).waitFor();
  await page.click(".menu > summary");
  await page.click("text=Abmelden");
  await page.waitForURL("**/accounts/login/");
  await leave(page);
});

test("the way past the navigation is the first stop of the keyboard", async () => {
  const page = await person("Worker");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await leave(page);
});

test("a page that is not there says so and leads on", async () => {
  const page = await visitor();
  await page.goto("/no-such-page");
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await look(page, "no-such-page");
  await leave(page);
});
