"""Round trips by openpi-client: `python -m benchmarks.openpi_rounds URL FOLDER raw|jpeg`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from openpi_client.websocket_client_policy import (  # type: ignore[import-not-found]  # it lives in .venv-openpi
    WebsocketClientPolicy,
)

from .rounds import CAMERAS, JOINTS, PROMPT, ROWS, STATE, serve_rounds

SIDE = 224


def main(url: str, folder: Path, form: str) -> None:
    observation: dict[str, Any] = {
        "observation/state": np.array(STATE, dtype=np.float32),
        "prompt": PROMPT,
    }
    for camera in CAMERAS:
        picture: Any = (folder / f"{camera}.jpg").read_bytes()
        if form == "raw":
            pixels = (folder / f"{camera}.rgb").read_bytes()
            picture = np.frombuffer(pixels, dtype=np.uint8).reshape(SIDE, SIDE, 3)
        observation[f"observation/{camera}"] = picture
    client = WebsocketClientPolicy(url)
    assert client.infer(observation)["actions"].shape == (ROWS, JOINTS)
    serve_rounds(lambda: client.infer(observation))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
