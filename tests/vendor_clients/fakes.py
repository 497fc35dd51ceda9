"""The example `serve_fakes` as a process."""

from __future__ import annotations

import base64
import json
import shlex
import ssl
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode


class ServeFakes:
    """Runs from `with` to its end, over TLS with an authority made for this run."""

    def __init__(self, program: Path, state: dict[str, Any], *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="clm-vendor-clients-")
        file = Path(self._folder.name) / "state.json"
        file.write_text(json.dumps({"keyfactor": state}))
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [program, "--state", file, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self.variables: dict[str, str] = {}

    def __enter__(self) -> ServeFakes:
        for line in self._lines("# ready"):
            words = shlex.split(line)
            if words[:1] == ["export"]:
                name, _, value = words[1].partition("=")
                self.variables[name] = value
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)
        self._folder.cleanup()
        self._stderr.close()

    def run_jobs(self) -> None:
        """The orchestrators run every job that waits."""
        self._command("run-jobs")

    def snapshot(self) -> dict[str, Any]:
        """The state of the fake Keyfactor Command."""
        return json.loads("".join(self._command("snapshot")))["keyfactor"]

    def expire_tokens(self) -> None:
        """Tokens that were given are refused from now on."""
        self._command("expire-tokens")

    def requests(self, server: str = "keyfactor") -> list[dict[str, Any]]:
        """What the fake Keyfactor Command, or its identity provider, was asked, oldest first."""
        rows = [json.loads(line) for line in self._command("requests")]
        return [row for row in rows if row["server"] == server]

    def url(self) -> str:
        """The base URL of the API."""
        host, port, path = (self.variables[f"KEYFACTOR_{name}"] for name in ("HOSTNAME", "PORT", "API_PATH"))
        return f"https://{host}:{port}/{path}"

    def read(self, path: str) -> Any:
        """What the fake answers to a plain GET, decoded by nobody's client."""
        return self.send("GET", path, None)

    def send(self, method: str, path: str, body: Any) -> Any:
        user = f"{self.variables['KEYFACTOR_USERNAME']}:{self.variables['KEYFACTOR_PASSWORD']}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
            "X-Keyfactor-Requested-With": "APIClient",
            "Content-Type": "application/json",
        }
        bytes_ = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url()}/{path}", bytes_, headers, method=method)
        trust = ssl.create_default_context(cafile=self.variables["KEYFACTOR_CA_CERT"])
        with urllib.request.urlopen(request, context=trust, timeout=60) as answer:
            return json.loads(answer.read())

    def token(self) -> str:
        """A token of the identity provider, for the client credentials that it knows."""
        variables = {
            name: self.variables[f"KEYFACTOR_AUTH_{name}"] for name in ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET")
        }
        form = {
            "grant_type": "client_credentials",
            "client_id": variables["CLIENT_ID"],
            "client_secret": variables["CLIENT_SECRET"],
        }
        request = urllib.request.Request(variables["TOKEN_URL"], urlencode(form).encode(), method="POST")
        trust = ssl.create_default_context(cafile=self.variables["KEYFACTOR_AUTH_CA_CERT"])
        with urllib.request.urlopen(request, context=trust, timeout=60) as answer:
            return json.loads(answer.read())["access_token"]

    def _command(self, command: str) -> list[str]:
        assert self._process.stdin
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return list(self._lines(f"# done: {command}"))

    def _lines(self, end: str) -> list[str]:
        assert self._process.stdout
        lines: list[str] = []
        for line in iter(self._process.stdout.readline, ""):
            if line.startswith("# failed"):
                raise RuntimeError(f"serve_fakes: {line.strip()}")
            if line.strip() == end:
                return lines
            lines.append(line.strip())
        self._stderr.seek(0)
        raise RuntimeError(f"serve_fakes ended before it said {end!r}: {self._stderr.read().strip()}")
