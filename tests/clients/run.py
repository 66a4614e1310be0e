"""Makes clients of the OpenAPI document, in TypeScript and Python, and spends a day with each against the running program."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from program import Program, environment  # noqa: E402 - it lies beside the folder

TYPESCRIPT = HERE / "typescript"
PYTHON = HERE / "python"
GENERATE_PYTHON = Path(sys.executable).with_name("openapi-python-client")


def call(words, where, env):
    done = subprocess.run(words, cwd=where, env=env, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()

def typescript(document, env):
    generated = TYPESCRIPT / "generated"
    shutil.rmtree(generated, ignore_errors=True)
    tools = TYPESCRIPT / "node_modules" / ".bin"
    call([tools / "openapi-typescript", document, "--output", generated / "schema.d.ts"], TYPESCRIPT, env)
    call([tools / "tsc", "--project", "."], TYPESCRIPT, env)
    return call(["node", generated / "built" / "story.js"], TYPESCRIPT, env)

def python(document, folder, env):
    package = Path(folder) / "quartermaster_client"
    words = [GENERATE_PYTHON, "generate", "--path", document, "--meta", "none", "--output-path", package]
    call([*words, "--config", PYTHON / "config.yml"], folder, env)
    return call([sys.executable, PYTHON / "story.py"], folder, {**env, "PYTHONPATH": str(folder)})

def main():
    with tempfile.TemporaryDirectory(prefix="quartermaster-clients-") as directory:
        program = Program(directory)
        try:
            document = Path(directory) / "openapi.json"
            document.write_text(json.dumps(json.loads(program.command(["openapi"]))))
            env = {**environment(), "SERVICES": program.services, "TOKEN": program.token("Admin")}
            print(typescript(document, env), flush=True)
            print(python(document, directory, env), flush=True)
        finally:
            program.stop()

if __name__ == "__main__":
    main()
