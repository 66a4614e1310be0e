// Runs the stories in one process against one program. `node run.js [PART OF A STORY'S FILE NAME …]`

import { readdirSync } from "node:fs";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { begin, end } from "./portal.js";

const folder = fileURLToPath(new URL("stories/", import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder).filter((file) => file.endsWith(".js"));
const chosen = files.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (chosen.length === 0) {
  console.error(`No story is called that; there are: ${files.join(" ")}`);
  process.exit(1);
}

before(begin, { timeout: 180_000 });
after(end, { timeout: 60_000 });
for (const file of chosen.sort()) await import(join(folder, file));
