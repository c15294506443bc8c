"""The page at `/`, with which a person looks at the model."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "page"
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served of the folder, by ending."""
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing from elsewhere, and nothing written into the page itself, is run."""


def files(folder: Path = FOLDER) -> dict[str, Path]:
    """The files that are served, by path; those that there are at the start, and no others."""
    if not folder.is_dir():
        return {}
    found = {f"/{path.name}": path for path in folder.iterdir() if path.suffix in MEDIA}
    index = found.pop("/index.html", None)
    return {**({"/": index} if index else {}), **found}
