"""Virtual environments with the vendor's clients, kept for as long as the requirements do not change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Failed(Exception):
    """What failed, for people."""


def python_of(folder: Path, client: str) -> Path:
    """The interpreter of an environment in which this client is installed, with nothing but what its file pins."""
    if sys.version_info < (3, 11):
        raise Failed(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    requirements = HERE / f"requirements-{client}.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    environment = folder / client
    python, mark = environment / "bin" / "python", environment / "made-from"
    if mark.exists() and mark.read_text() == wanted and python.exists():
        return python
    shutil.rmtree(environment, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    run(
        [sys.executable, "-m", "venv", str(environment)],
        "the virtual environment cannot be made (is the module venv there?)",
    )
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pins = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(requirements)]
    run([*pip, *pins], f"{requirements.name} cannot be installed")
    run([str(python), "-m", "pip", "check"], f"{requirements.name} lacks a dependency")
    mark.write_text(wanted)
    return python


def run(command: list[str], trouble: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{trouble}:\n{done.stdout.strip()}")
