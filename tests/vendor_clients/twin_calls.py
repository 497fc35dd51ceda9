"""The four calls of the wire twins by one of the vendor's clients: `twin_calls.py CLIENT`, with a fake's variables."""

from __future__ import annotations

import os
import sys
from typing import Any

import scene
from vendors import Session

ALIAS, JOB = "more-0", "10b00000-0000-4000-8000-000000000001"


class Variables:
    """Stands for a fake that another process serves."""

    def __init__(self) -> None:
        self.variables = dict(os.environ)

    def url(self) -> str:
        host, port, path = (self.variables[f"KEYFACTOR_{name}"] for name in ("HOSTNAME", "PORT", "API_PATH"))
        return f"https://{host}:{port}/{path}"


def main(client: str) -> None:
    fakes: Any = Variables()
    session = Session(client, fakes)
    session.send("remove", session.removal(scene.JKS, ALIAS))
    session.send("add", session.addition(10, scene.JKS, "twin", include_private_key=True))
    schedule = session.model("Schedule")(interval=session.model("Interval")(minutes=90))
    session.send("schedule", session.scheduling([scene.JKS], schedule))
    order = session.model("Ascending")(1)
    paging = {"page_returned": 1, "return_limit": 100, "sort_field": "JobHistoryId", "sort_ascending": order}
    session.call("history", query_string=f'JobId -eq "{JOB}"', **paging)


if __name__ == "__main__":
    main(sys.argv[1])
