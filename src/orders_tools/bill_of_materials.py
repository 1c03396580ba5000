"""Writes the bill of materials of a release: the packages that a lock file installs, in CycloneDX's JSON.

https://cyclonedx.org/docs/1.6/json/
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def bill_of_materials(version: str, lock: str) -> dict[str, Any]:
    """Build the document for a version of orders-api and the text of its lock file.

    It has no serial number and no time, so that the same commit gives the same bytes.
    """
    components = [_component(name, pinned) for name, pinned in sorted(_PINNED.findall(lock))]
    product = {**_component("orders-api", version), "type": "application"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": components,
        "dependencies": [
            {"ref": product["bom-ref"], "dependsOn": [each["bom-ref"] for each in components]},
        ],
    }


def main() -> None:
    """Print the document: `python -m orders_tools.bill_of_materials VERSION LOCK_FILE`."""
    version, lock = sys.argv[1:]
    text = json.dumps(bill_of_materials(version, Path(lock).read_text()), indent=2)
    sys.stdout.write(f"{text}\n")


def _component(name: str, version: str) -> dict[str, str]:
    url = f"pkg:pypi/{name.lower()}@{version}"
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}


if __name__ == "__main__":
    main()
