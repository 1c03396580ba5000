"""Builds the Lambda's zip: the application and its locked dependencies, trimmed, compiled, reproducible."""

import argparse
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Final

from orders_tools.trims import Trim, trim_of

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("orders_core", "orders_webhooks", "orders_aws")
MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
# The earliest time a zip can hold: when it was built must not show.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Reads the command line, builds, and prints what was left out and how large the zip is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=MACHINES, default="arm64")
    parser.add_argument("--python", default="3.11", help="the function's runtime (default 3.11)")
    parser.add_argument("--output", type=Path, default=ROOT / "dist/orders-api.zip")
    arguments = parser.parse_args()
    trimmed = build(arguments.output, arguments.architecture, arguments.python)
    for trim, size in trimmed.most_common():
        print(f"left out {size / 1024:9,.1f} KiB: {trim.reason}")
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")


def build(output: Path, architecture: str, python: str) -> Counter[Trim]:
    """Writes the zip for a Lambda of this architecture and Python version to `output`.

    Returns:
        The bytes, before compression, that each trim left out.

    Raises:
        SystemExit: no interpreter of that version is here to compile with, or a dependency cannot be had.
    """
    compiler = _interpreter(python)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _install_dependencies(tree, architecture, python)
        bytecode = shutil.ignore_patterns("__pycache__")
        for package in PACKAGES:
            shutil.copytree(ROOT / "src" / package, tree / package, ignore=bytecode)
        trimmed = _trim(tree)
        _compile(tree, compiler)
        output.parent.mkdir(parents=True, exist_ok=True)
        _write_zip(tree, output)
    return trimmed


def _interpreter(python: str) -> str:
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{python}")
    if found is None:
        sys.exit(f"The zip carries bytecode for Python {python}: install python{python}, or name another.")
    return found


def _install_dependencies(tree: Path, architecture: str, python: str) -> None:
    machine = MACHINES[architecture]
    if uv := shutil.which("uv"):
        installer = [uv, "pip", "install", "--quiet", "--python-platform", f"{machine}-manylinux2014"]
    else:
        installer = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        installer += ["--no-compile", "--platform", f"manylinux2014_{machine}", "--implementation", "cp"]
    target = ["--target", str(tree), "--python-version", python, "--only-binary", ":all:"]
    locked = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/lambda.txt")]
    if subprocess.run([*installer, *target, *locked], check=False).returncode != 0:
        sys.exit("The locked dependencies could not be had for the function's platform: see above.")


def _trim(tree: Path) -> Counter[Trim]:
    trimmed: Counter[Trim] = Counter()
    for path in _files(tree):
        trim = trim_of(path.relative_to(tree).as_posix())
        if trim is not None:
            trimmed[trim] += path.stat().st_size
            path.unlink()
    return trimmed


def _compile(tree: Path, python: str) -> None:
    # Lambda's file system is read-only: without bytecode each cold start compiles everything anew. Unchecked,
    # so that the interpreter opens no source file; one process and a fixed hash seed keep the bytes the same.
    options = ["-q", "-j1", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/var/task"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run([python, "-m", "compileall", *options, str(tree)], check=True, env=environment)


def _write_zip(tree: Path, output: Path) -> None:
    with zipfile.ZipFile(output, "w") as archive:
        for path in _files(tree):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), EPOCH)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def _files(tree: Path) -> list[Path]:
    return sorted(path for path in tree.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
