// The program, run as people run it: with the company of `seed` on a private PostgreSQL, and a second portal whose line to the
// services can be cut.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BINARY = process.env.QUARTERMASTER_BINARY;
/** The password of everybody whom the stories add. */
export const PASSWORD = "three plain words";

/** The settings of whoever runs the tests have no part in them. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("QUARTERMASTER_"));
  // Those who sign in here have no authenticator at hand.
  return { ...Object.fromEntries(kept), QUARTERMASTER_ADMIN_SECOND_FACTOR: "false" };
}

/** Runs a command of the program to its end. */
function run(dir, words, input = "") {
  const done = spawnSync(BINARY, [...words, "--data-dir", dir], { input, env: environment(), encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${words.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** Starts a part that runs on, and waits for a line of its output. */
function start(dir, words, ready) {
  const env = { ...environment(), NO_COLOR: "1" };
  const child = spawn(BINARY, [...words, "--data-dir", dir], { env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const found = new Promise((resolve, reject) => {
    const hear = (data) => {
      text += data;
      const match = ready.exec(text);
      if (match) resolve(match);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`${words.join(" ")} ended with ${code}: ${text}`)));
  });
  return found.then((match) => ({ child, match }), (error) => { child.kill("SIGKILL"); throw error; });
}

/** Ends a part and waits for it. */
function stop(child) {
  if (child.exitCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return ended;
}

/** An address that was free a moment ago. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A line to an address, which can be cut and mended. While it is cut, whoever calls is kept waiting. */
async function line(to) {
  let cut = false;
  const open = new Set();
  const server = createServer((from) => {
    open.add(from);
    from.on("close", () => open.delete(from));
    from.on("error", () => from.destroy());
    if (cut) return;
    const onward = connect(to.port, to.hostname);
    open.add(onward);
    onward.on("close", () => { open.delete(onward); from.destroy(); });
    onward.on("error", () => from.destroy());
    from.on("close", () => onward.destroy());
    from.pipe(onward).pipe(from);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hangUp = () => { for (const socket of open) socket.destroy(); };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => { cut = true; hangUp(); },
    mend: () => { cut = false; hangUp(); },
    close: () => { hangUp(); server.close(); },
  };
}

/** Starts everything. What it gives is passed to the stories through the environment and `open`. */
export async function startProgram() {
  const dir = mkdtempSync(join(tmpdir(), "quartermaster-browser-"));
  run(dir, ["seed"]);
  const serve = ["serve", "--portal-addr", "127.0.0.1:0", "--services-addr", "127.0.0.1:0"];
  const ready = /portal listens addr=(\S+)[^]*services listen addr=(\S+)/;
  const { child, match } = await start(dir, serve, ready);
  const [portal, services] = [`http://${match[1]}`, `http://${match[2]}`];
  return {
    dir,
    portal,
    services,
    /** Adds somebody with that role at those branches (all when none is named), and the common password. */
    addUser(name, role, branches = []) {
      const where = branches.length ? branches.flatMap((branch) => ["--branch", branch]) : ["--all-branches"];
      run(dir, ["user", "add", name, "--role", role, "--keep", ...where], `${PASSWORD}\n`);
    },
    /** A command of the program, such as `["group", …]`. */
    run: (words, input) => run(dir, words, input),
    /** As if everybody had given their password more than 10 minutes ago. */
    letTimePass() {
      const sql = "update portal_sessions set confirmed_at = now() - interval '11 minutes'";
      const words = ["-X", "-q", "-h", join(realpathSync(join(dir, "postgres")), "run"), "-U", "quartermaster", "-d", "quartermaster", "-c", sql];
      const done = spawnSync("psql", words, { env: environment(), encoding: "utf8" });
      if (done.status !== 0) throw new Error(`psql: ${done.stderr}`);
    },
    /** A token of that user for the services. */
    token: (name) => run(dir, ["token", "--user", name]).trim(),
    /** Another portal on the same database, whose line to the services can be cut. */
    async portalWithALine() {
      const to = await line(new URL(services));
      const port = await freePort();
      const words = ["serve", "portal", "--portal-addr", `127.0.0.1:${port}`, "--services-url", to.url];
      const started = await start(dir, words, /portal listens/);
      const portal = `http://127.0.0.1:${port}`;
      return { portal, cut: to.cut, mend: to.mend, close: async () => { to.close(); await stop(started.child); } };
    },
    async stop() {
      await stop(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
