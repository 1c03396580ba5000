"""The virtual environments of what is measured, kept outside the repository and made when first needed."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parent
REQUIREMENTS = BENCH / "requirements.txt"


def cache_dir() -> Path:
    """Where the environment and the databases of a run are kept: one disk for both sides."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "orders-api" / "bench"


def reference_python() -> Path:
    """The interpreter of the references' environment."""
    return python_with(REQUIREMENTS)


def python_with(requirements: Path) -> Path:
    """The interpreter of an environment with the packages of a lock file, made anew when either changes."""
    lock = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache_dir() / f"python{sys.version_info.major}.{sys.version_info.minor}-{lock}"
    python, ready = home / "bin" / "python", home / ".ready"
    if not ready.exists():
        print(f"Installing {requirements} into {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([python, *install, "-r", requirements], check=True)
        ready.touch()
    return python
