"""Amazon's own DynamoDB engine, in memory. Its licence is for development and tests: it is never shipped."""

import hashlib
import tarfile
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import MissingPartError, fetch, program
from tests.real_parts.process import Server, free_port, start

PART = "DynamoDB Local"
HOW = "apt-get install openjdk-17-jre-headless npm; the first run needs the npm registry, later ones do not"
PACKAGE = "amplify-dynamodb-simulator@2.9.30"
ARCHIVE = "amplify-dynamodb-simulator-2.9.30.tgz"
SHA256 = "3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9"


def start_dynamodb_local(log: Path) -> Server:
    """Starts an empty engine; all regions and credentials see the same tables.

    Raises:
        MissingPartError: no Java, or the engine is not in the cache and cannot be fetched.
    """
    java = program("java", PART, HOW)
    emulator = prepared("dynamodb-local-2.9.30", _download) / "package" / "emulator"
    port = free_port()
    # The first compiler tier and the serial collector halve the start on two cores.
    argv: list[str | Path] = [
        java,
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Djava.library.path=./DynamoDBLocal_lib",
    ]
    argv += ["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-port", str(port)]
    return start(argv, port, log, env={"DDB_LOCAL_TELEMETRY": "0"}, cwd=emulator)


def _download(folder: Path) -> None:
    npm = program("npm", PART, HOW)
    fetch([str(npm), "pack", PACKAGE], PART, HOW, cwd=folder)
    archive = folder / ARCHIVE
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise MissingPartError(
            PART, f"{ARCHIVE} from the registry is not the archive these tests were written for", HOW
        )
    with tarfile.open(archive) as unpacked:
        unpacked.extractall(folder, filter="data")
    archive.unlink()
