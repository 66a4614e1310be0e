"""The program as people run it: with the company of `seed`, on a private PostgreSQL."""

import os
import re
import subprocess
import threading

BINARY = os.environ["QUARTERMASTER_BINARY"]
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
