"""Where Hypothesis keeps its tables of characters."""

import os
import tempfile
from pathlib import Path


def leave_no_files() -> None:
    """Keep Hypothesis from writing into the user's folder; to be called before it is imported."""
    folder = Path(tempfile.gettempdir()) / "risp-hypothesis"
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(folder))
