"""What `make release` writes beside the wheel."""

import re

from orders_tools.bill_of_materials import bill_of_materials
from tests.docs.newcomer import ROOT

LOCK = (ROOT / "requirements" / "run.txt").read_text()


def test_the_bill_of_materials_names_every_package_of_the_lock_file_and_its_version() -> None:
    bill = bill_of_materials("0.1.0", LOCK)
    named = {f"{each['name']}=={each['version']}" for each in bill["components"]}
    assert named == set(re.findall(r"^([^\s#]+==[^\s;]+)", LOCK, re.MULTILINE))
    assert len(named) > 10


def test_the_bill_of_materials_is_cyclonedx_and_of_this_version() -> None:
    bill = bill_of_materials("0.1.0", LOCK)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/orders-api@0.1.0"


def test_every_component_is_one_that_the_product_depends_on() -> None:
    bill = bill_of_materials("0.1.0", LOCK)
    (edge,) = bill["dependencies"]
    assert edge["dependsOn"] == [each["bom-ref"] for each in bill["components"]]
