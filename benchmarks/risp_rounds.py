"""Round trips by the shipped client.

`python -m benchmarks.risp_rounds URL FOLDER lists|tensors`
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from risp.reference_impl.action.client import ActionStream

from .policies import numbers
from .rounds import CAMERAS, JOINTS, PROMPT, STATE, serve_rounds


def main(url: str, folder: Path, form: str) -> None:
    images = {camera: (folder / f"{camera}.jpg").read_bytes() for camera in CAMERAS}
    # None stands for what the client asks for by itself, tensors among it.
    capabilities = None if form == "tensors" else ["status", "max_age"]
    with ActionStream(
        url=url, prompt=PROMPT, cameras=list(CAMERAS), capabilities=capabilities
    ) as stream:

        def round_trip() -> dict[str, Any]:
            stream.send_observation(STATE, images)
            return stream.recv_action()

        flat = numbers().tolist()
        due = [flat[at : at + JOINTS] for at in range(0, len(flat), JOINTS)]
        assert round_trip()["actions"] == due, "the chunk comes through unaltered"
        has_tensors = "tensor_b64" in stream.ready.get("capabilities", [])
        assert has_tensors == (form == "tensors"), "the row measures what it says"
        serve_rounds(round_trip)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
