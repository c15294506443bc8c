"""A server of openpi's dialect with a null policy; its first line is its URL.

Written from the public behaviour of openpi-client and of the policy server it is used with: msgpack
with numpy arrays over `websockets`' asyncio server, no compression, no size limit, the metadata
first, `infer` called where the message arrives.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
from openpi_client import (  # type: ignore[import-not-found]  # it lives in .venv-openpi
    msgpack_numpy,
)
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .policies import numbers
from .rounds import JOINTS, ROWS


class Null:
    """Returns one prebuilt float32 array of 50 x 14."""

    def __init__(self) -> None:
        self.actions = np.array(numbers(), dtype=np.float32).reshape(ROWS, JOINTS)

    def infer(self, observation: dict[str, Any]) -> dict[str, Any]:
        return {"actions": self.actions}


async def answer(socket: ServerConnection) -> None:
    """Answer every observation of one client."""
    packer, policy = msgpack_numpy.Packer(), Null()
    await socket.send(packer.pack({"model": "null"}))
    total: float | None = None
    while True:
        try:
            begun = time.monotonic()
            observation = msgpack_numpy.unpackb(await socket.recv())
            start = time.monotonic()
            result = policy.infer(observation)
            result["server_timing"] = {"infer_ms": (time.monotonic() - start) * 1000}
            if total is not None:
                result["server_timing"]["prev_total_ms"] = total * 1000
            await socket.send(packer.pack(result))
            total = time.monotonic() - begun
        except ConnectionClosed:
            return


async def main() -> None:
    async with serve(answer, "127.0.0.1", 0, compression=None, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"ws://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
