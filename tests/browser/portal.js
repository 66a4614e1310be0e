// What the stories have in hand: the program, a browser, and people who use them.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { PASSWORD, startProgram } from "./program.js";

export { PASSWORD };

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));
const SIZES = {
  desktop: { width: 1280, height: 800 },
  laptop: { width: 1024, height: 768 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
};
/** What WCAG 2.2 AA asks for, as far as a machine can tell, and what axe holds to be good practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let program;
let browser;

const launch = (...args) =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", ...args] });

const others = [];

async function withCamera(file) {
  const other = await launch(
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${file}`);
  others.push(other);
  return other;
}

/** Starts the program and the browser, before the first story. */
export async function begin() {
  program = await startProgram();
  browser = await launch();
  mkdirSync(SCREENSHOTS, { recursive: true });
}

/** Ends both, after the last story. */
export async function end() {
  for (const one of [browser, ...others]) await one?.close();
  await program?.stop();
}

/** The running program: see `startProgram`. */
export const theProgram = () => program;

const tokens = new Map();

/** Calls the services as that user: the parsed answer of a success. */
export async function call(user, method, path, body) {
  if (!tokens.has(user)) tokens.set(user, program.token(user));
  const headers = { authorization: `Bearer ${tokens.get(user)}`, "content-type": "application/json" };
  if (method === "POST") headers["idempotency-key"] = crypto.randomUUID();
  const answer = await fetch(program.services + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A browser's window with cookies of its own. What a page does wrong by itself is a failure of the story. With `camera`, it
 * is another browser, whose camera sees that file. */
export async function visitor({ portal = program.portal, size = "desktop", camera, ...options } = {}) {
  const context = await (camera ? await withCamera(camera) : browser).newContext({ baseURL: portal, viewport: SIZES[size], locale: "en-GB", ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A page that says what was refused has a status of its own; browsers log that.
    if (message.type() === "error" && !message.text().includes("the server responded with a status")) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.faults = faults;
  return page;
}

let number = 0;

/** Adds somebody with that role at those branches, and signs them in. */
export async function person(role, { branches = [], name = `${role.toLowerCase()}-${++number}`, ...options } = {}) {
  program.addUser(name, role, branches);
  const page = await visitor(options);
  await signIn(page, name);
  page.person = name;
  return page;
}

/** Signs in with the common password. */
export async function signIn(page, name, path = "/") {
  await page.goto(`/accounts/login/?next=${encodeURIComponent(path)}`);
  await page.fill("#username", name);
  await page.fill("#password", PASSWORD);
  await page.click("button[type=submit] >> nth=0");
  await page.waitForURL((url) => url.pathname !== "/accounts/login/");
}

/** Ends a window; nothing may have gone wrong in it. */
export async function leave(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** What axe finds wrong on the page as it is now: nothing. */
export async function accessible(page, about = page.url()) {
  // Where scripts are forbidden to pages, axe still runs: the browser itself evaluates it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((rules) => axe.run({ runOnly: rules }), RULES);
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  assert.deepEqual(told, [], about);
}

/** The page is not wider than the screen. */
export async function fits(page, about = page.url()) {
  const [wide, widest] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const ends = (element) => element.getBoundingClientRect().right;
    const beyond = [...document.querySelectorAll("main *")].filter((element) => ends(element) > clientWidth);
    return [scrollWidth - clientWidth, beyond.slice(0, 3).map((element) => element.outerHTML.slice(0, 150)).join(" | ")];
  });
  assert.ok(wide <= 0, `${about} is ${wide} pixels wider than the screen: ${widest}`);
}

/** In `make browser LOOKS=all` pages are looked at in all four ways; otherwise in two, which show each size and each
 * theme once. */
const LOOKS = process.env.LOOKS === "all"
  ? [["desktop", "light"], ["desktop", "dark"], ["phone", "light"], ["phone", "dark"]]
  : [["desktop", "light"], ["phone", "dark"]];

/** Looks at a page as people see it: bright and dark, on a desk and on a phone. Each look is kept as a picture, must
 * satisfy axe, unless that is told by the same page elsewhere, and must not be wider than the screen. */
export async function look(page, name, { axe = true } = {}) {
  for (const [size, colorScheme] of LOOKS) {
    await page.setViewportSize(SIZES[size]);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const about = `${name} (${size}, ${colorScheme})`;
    // The rest of a long list looks as its beginning does.
    const height = Math.min(2_400, await page.evaluate(() => document.documentElement.scrollHeight));
    const clip = { x: 0, y: 0, width: SIZES[size].width, height };
    await page.screenshot({ path: `${SCREENSHOTS}${name}-${size}-${colorScheme}.png`, fullPage: true, clip });
    await fits(page, about);
    if (axe) await accessible(page, about);
  }
  await page.setViewportSize(SIZES.desktop);
  await page.emulateMedia({ colorScheme: "light" });
}
