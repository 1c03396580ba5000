"""A Terraform provider plugin that serves a recorded schema and invents the rest.

Started by Terraform itself, through the launcher that `prepare.py` writes, as

    python -m tests.infra.offline.provider SCHEMA_DIR

It speaks plugin protocol 6 over go-plugin's gRPC handshake.  Terraform core does
the schema checks; this process plans (echo the configuration, mark computed
attributes unknown), applies (replace the unknowns by fakes) and never does I/O.
"""

import functools
import json
import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tests.infra.offline import fakes, rules
from tests.infra.offline.rules import Block
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

Settle = Callable[[str, str, Any, Any], Any]
MAGIC_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"


def decode(value: Any) -> Any:
    """A DynamicValue as plain Python data; unknown values come out as ExtType."""
    return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)


def encode(value: Any) -> Any:
    """Plain Python data as a DynamicValue."""
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def fill(block: Block, value: Any, settle: Settle) -> None:
    """Replace every computed attribute in place by settle(name, flags, type, old value)."""
    if value is None or fakes.is_unknown(value):
        return
    for name, (flags, typ) in block["attributes"].items():
        if "w" in flags:
            value[name] = None
        elif "c" in flags:
            value[name] = settle(name, flags, typ, value[name])
    for name, (mode, _, _, inner) in block["blocks"].items():
        children = [value[name]] if mode == "single" else value[name]
        for child in [] if children is None or fakes.is_unknown(children) else children:
            fill(inner, child, settle)


class Provider(rpc.ProviderServicer):
    """The AWS provider, stateless but for its configured region and default tags."""

    def __init__(self, folder: Path) -> None:
        self.response = folder / "aws.pb"
        self.blocks = zipfile.ZipFile(folder / "aws.zip")
        self.block = functools.cache(self._block)
        self.region = "us-east-1"
        self.default_tags: Any = {}

    def _block(self, kind: str, type_name: str) -> Block:
        """The schema of one resource or data source, in the form that extract.py describes."""
        block: Block = json.loads(self.blocks.read(f"{kind}/{type_name}.json"))
        return block

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return pb.GetProviderSchema.Response.FromString(self.response.read_bytes())

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        config = decode(request.config)
        region, tags = config.get("region"), config.get("default_tags")
        self.region = region if isinstance(region, str) else os.environ.get("AWS_REGION", self.region)
        self.default_tags = (tags[0]["tags"] or {}) if isinstance(tags, list) and tags else {}
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        block = self.block("resources", request.type_name)
        return self.validate(pb.ValidateResourceConfig.Response(), request, request.type_name, block)

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        block = self.block("data_sources", request.type_name)
        return self.validate(
            pb.ValidateDataResourceConfig.Response(), request, "data." + request.type_name, block
        )

    def validate(self, response: Any, request: Any, key: str, block: Block) -> Any:
        """Add a diagnostic for each broken rule of rules.py."""
        for attribute, detail in rules.problems(key, decode(request.config), block):
            path = pb.AttributePath(steps=[pb.AttributePath.Step(attribute_name=attribute)])
            response.diagnostics.add(
                severity=pb.Diagnostic.ERROR, summary="Invalid value", detail=detail, attribute=path
            )
        return response

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        block = self.block("resources", request.type_name)
        known = block["attributes"].keys() | block["blocks"].keys()
        state = {k: v for k, v in json.loads(request.raw_state.json).items() if k in known}
        return pb.UpgradeResourceState.Response(
            upgraded_state=pb.DynamicValue(json=json.dumps(state).encode())
        )

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state, private=request.private)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        planned, block = decode(request.proposed_new_state), self.block("resources", request.type_name)
        if planned is not None:
            fakes.plan_known(request.type_name, block, planned, self.region, self.default_tags)
            fill(block, planned, lambda name, flags, typ, old: fakes.UNKNOWN if old is None else old)
        return pb.PlanResourceChange.Response(
            planned_state=encode(planned), planned_private=request.prior_private, legacy_type_system=True
        )

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        state = decode(request.planned_state)
        if state is not None:
            faker = fakes.Faker(request.type_name, state, self.region_of(state))
            fill(self.block("resources", request.type_name), state, faker.settle)
        return pb.ApplyResourceChange.Response(
            new_state=encode(state), private=request.planned_private, legacy_type_system=True
        )

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        values, response = decode(request.config), pb.ReadDataSource.Response()
        region = self.region_of(values)
        faker = fakes.Faker(request.type_name, values, region)
        fill(
            self.block("data_sources", request.type_name),
            values,
            lambda name, flags, typ, old: faker.make(name, flags, typ) if old is None else old,
        )
        fakes.data_source(request.type_name, values, region)
        response.state.CopyFrom(encode(values))
        return response

    def region_of(self, values: fakes.Values) -> str:
        """The region that one resource lives in."""
        region = values.get("region")
        return region if isinstance(region, str) and region else self.region

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()


class Controller(controller_rpc.GRPCControllerServicer):
    """go-plugin's side channel: Terraform asks the plugin to leave."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def Shutdown(self, request: Any, context: Any) -> Any:
        self.stopped.set()
        return controller_pb.Empty()


class Stdio(stdio_rpc.GRPCStdioServicer):
    """go-plugin's output channel; nothing is ever sent on it."""

    def StreamStdio(self, request: Any, context: Any) -> Any:
        return iter(())


def main() -> None:
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") != MAGIC_COOKIE:
        sys.exit(
            "This is a Terraform plugin: Terraform starts it, through the launcher that `prepare.py` writes."
        )
    folder = Path(sys.argv[1])
    controller = Controller()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    rpc.add_ProviderServicer_to_server(Provider(folder), server)
    controller_rpc.add_GRPCControllerServicer_to_server(controller, server)
    stdio_rpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    key, certificate = ((folder / f"plugin.{kind}").read_bytes() for kind in ("key", "crt"))
    with tempfile.TemporaryDirectory() as private:
        address = f"{private}/plugin.sock"
        server.add_secure_port(f"unix://{address}", grpc.ssl_server_credentials([(key, certificate)]))
        server.start()
        encoded = "".join(certificate.decode().split("\n")[1:-2]).rstrip("=")
        print(f"1|6|unix|{address}|grpc|{encoded}", flush=True)
        controller.stopped.wait()
        server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
