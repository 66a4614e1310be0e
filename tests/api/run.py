"""Asks the services whatever their OpenAPI document allows and forbids, as each role, and follows its links.

The program runs as people run it, with the company of `seed` on a private PostgreSQL. What it answers must be what the
document says: no server error, no status that is not documented, no answer without the token, no body or header of
another form (all checks of schemathesis; `schemathesis.toml` says what a refusal by the rules of business is).

    run.py [--seed NUMBER] [--examples NUMBER] [ROLE ...]
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

BINARY = os.environ["QUARTERMASTER_BINARY"]
HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).with_name("st")
ROLES = ["Admin", "Manager", "Worker", "Auditor"]
# How long the program may take to listen.
PATIENCE_SECONDS = 120


def environment():
    """The settings of whoever runs this have no part in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("QUARTERMASTER_")}


class Program:
    """The running program, and its commands."""

    def __init__(self, directory):
        self.directory = directory
        self.command(["seed"])
        words = ["serve", "--portal-addr", "127.0.0.1:0", "--services-addr", "127.0.0.1:0"]
        env = {**environment(), "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [BINARY, *words, "--data-dir", directory], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        found = threading.Event()
        self.services = None
        self.said = []

        def read():
            for line in self.process.stdout:
                self.said.append(line)
                listening = re.search(r"services listen addr=(\S+)", line)
                if listening:
                    self.services = f"http://{listening.group(1)}"
                    found.set()
            found.set()

        threading.Thread(target=read, daemon=True).start()
        found.wait(PATIENCE_SECONDS)
        if self.services is None:
            self.process.kill()
            raise SystemExit("the services do not listen:\n" + "".join(self.said))

    def command(self, words, given=""):
        """Runs a command to its end and gives what it printed."""
        done = subprocess.run(
            [BINARY, *words, "--data-dir", self.directory], input=given, env=environment(), text=True, capture_output=True
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def token(self, role):
        """A token of somebody with that role at every branch."""
        name = f"api-{role.lower()}"
        self.command(["user", "add", name, "--role", role, "--all-branches"], "three plain words\n")
        return self.command(["token", "--user", name]).strip()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def ask(program, role, seed, examples):
    """Starts to ask as that role."""
    words = [
        SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", f"{program.services}/openapi.json",
        "--header", f"Authorization: Bearer {program.token(role)}", "--checks", "all", "--seed", str(seed),
        "--max-examples", str(examples), "--continue-on-failure", "--no-color", "--warnings", "off",
    ]
    return subprocess.Popen(words, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=program.directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("roles", nargs="*", default=ROLES, metavar="ROLE")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}, {wanted.examples} examples of each operation, as {', '.join(wanted.roles)}", flush=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="quartermaster-api-") as directory:
        program = Program(directory)
        try:
            asking = [(role, ask(program, role, wanted.seed, wanted.examples)) for role in wanted.roles]
            for role, process in asking:
                told, _ = process.communicate()
                cases = re.search(r"^ *(\d+ generated.*)$", told, re.MULTILINE)
                print(f"{role}: {cases.group(1) if cases else 'nothing was asked'}", flush=True)
                if process.returncode != 0 or not cases:
                    failed.append(role)
                    print(told, flush=True)
        finally:
            program.stop()
    if failed:
        raise SystemExit(f"not as documented, as {', '.join(failed)}; again: --seed {wanted.seed}")


if __name__ == "__main__":
    main()
