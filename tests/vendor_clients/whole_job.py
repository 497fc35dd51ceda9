"""Does the whole job with one client, in the environment that has it: `whole_job.py PROGRAM CLIENT [MODE …]`.

Prints one JSON object: what was tried, what was right, the problems, the deviations that were seen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import scene
from changes import changes
from fakes import ServeFakes
from job import Job
from reads import names, reads, store_types, tokens
from vendors import Session


def main(program: str, client: str, modes: list[str]) -> None:
    state = scene.state(modes)
    with ServeFakes(Path(program), state) as fakes:
        job = Job(Session(client, fakes), fakes, state)
        if "write_store_types_by_schema" in modes:
            store_types(job)
        elif "write_camel_case" in modes:
            names(job)
        else:
            reads(job)
            changes(job)
        unknown = {f"{it['method']} {it['path']}" for it in fakes.requests() if it["operation"] is None}
    job.problems += [f"the fake does not know {it}" for it in sorted(unknown)]
    if not modes:
        with ServeFakes(Path(program), state, "--oauth") as fakes:
            job.session, job.fakes = Session(client, fakes), fakes
            tokens(job)
    print(
        json.dumps(
            {
                "tried": job.tried,
                "right": job.right,
                "problems": job.problems,
                "deviations": job.deviations,
                "lost": {call: sorted(members) for call, members in job.lost.items() if members},
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
