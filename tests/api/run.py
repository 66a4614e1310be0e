"""Asks the services whatever their OpenAPI document allows and forbids, as each role, and follows its links.

The program runs as people run it, with the company of `seed` on a private PostgreSQL. What it answers must be what the
document says: no server error, no status that is not documented, no answer without the token, no body or header of
another form (all checks of schemathesis; `schemathesis.toml` says what a refusal by the rules of business is).

    run.py [--seed NUMBER] [--examples NUMBER] [ROLE ...]
"""

import argparse
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from program import Program, environment  # noqa: E402 - it lies beside the folder

SCHEMATHESIS = Path(sys.executable).with_name("st")
ROLES = ["Admin", "Manager", "Worker", "Auditor"]


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
