"""`launch.py PORT ORPHAN_S`: start reactor-runtime with the model beside this file.

Its own command names a STUN server where none is named, and then packets leave the machine. This
one names none. It runs until it is told to end or its standard input does: it outlives nobody.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from reactor_runtime import log  # type: ignore[import-not-found]  # it lives in .venv-runtime
from reactor_runtime.manifest import load_config  # type: ignore[import-not-found]
from reactor_runtime.serve import serve  # type: ignore[import-not-found]
from reactor_runtime.transport.webrtc.config import (  # type: ignore[import-not-found]
    WebRtcConfig,
)

HERE = Path(__file__).parent
END_S = 3.0
"""How long it may take to end, in seconds."""


def heed_input() -> None:
    """End when whoever started this is gone."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(END_S)
    os._exit(1)


def main(port: str, orphan_s: str) -> None:
    """Serve until the end."""
    threading.Thread(target=heed_input, daemon=True).start()
    sys.path.insert(0, str(HERE))
    log.configure(level=logging.INFO)
    settings = dataclasses.replace(
        load_config(HERE / "reactor.yaml"),
        host="127.0.0.1",
        port=int(port),
        orphan_timeout=float(orphan_s),
        grace_period=0.0,
        exit_timeout=END_S,
    )
    raise SystemExit(asyncio.run(serve(settings, WebRtcConfig(ice_servers=()))))


if __name__ == "__main__":
    main(*sys.argv[1:])
