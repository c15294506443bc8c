"""Seeded camera pictures, as JPEG files and as raw arrays: `python -m benchmarks.pictures FOLDER`.

Runs in the environment of openpi-client, which brings Pillow and numpy along; the benchmarks of
RISP read the files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from .rounds import CAMERAS, SEED

SIDE = 224
LEAST = 12_000
"""Bytes that a JPEG has at least: a camera's picture, not a flat one."""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(SEED)
    for camera in CAMERAS:
        # Noise at a fifth of the size, enlarged: soft edges and some grain, like a room.
        noise = draw.integers(0, 256, (SIDE // 5, SIDE // 5, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        picture.save(folder / f"{camera}.jpg", quality=75)
        (folder / f"{camera}.rgb").write_bytes(np.asarray(picture).tobytes())
        size = (folder / f"{camera}.jpg").stat().st_size
        if size < LEAST:
            raise SystemExit(f"{camera}.jpg has {size} bytes only")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
