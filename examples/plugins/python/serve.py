"""The plugin end of the process boundary: handshake, mutual TLS and the services that every plugin has.

The handshake is that of hashicorp/go-plugin (docs/internals.md there): the server passes its certificate in
PLUGIN_CLIENT_CERT, the plugin prints one line with its address and its own certificate, and both trust nobody else.
"""

import base64
import datetime
import hashlib
import json
import os
import platform
import signal
import sys
import tempfile
import threading
import time
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf import json_format

from pulse.plugin.v1 import collector_pb2, collector_pb2_grpc, observation_pb2, plugin_pb2, plugin_pb2_grpc

PROTOCOL = 1
COOKIE = ("PULSE_PLUGIN", "c1f2f7b0f0e14a0f9f1d2b8d5b1e6f3a7c9b4e2d")


def _certificate():
    """A key and a certificate for the life of this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    utc = datetime.timezone.utc
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2000, 1, 1, tzinfo=utc))
        .not_valid_after(datetime.datetime(2100, 1, 1, tzinfo=utc))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, cert


class Plugin(plugin_pb2_grpc.PluginServicer, collector_pb2_grpc.CollectorServicer):
    """Keeps the instances. `make(config)` returns an object with collect(task, emit)."""

    def __init__(self, description, validate, make):
        self.description, self.validate, self.make = description, validate, make
        self.instances, self.lock = {}, threading.Lock()
        self.epoch, self.sequence = time.time_ns(), 0

    def Describe(self, request, context):
        return plugin_pb2.DescribeResponse(description=self.description)

    def UpgradeConfig(self, request, context):
        return plugin_pb2.UpgradeConfigResponse(config=request.config)

    def Validate(self, request, context):
        found = self.validate(json.loads(request.config or b"{}"))
        return plugin_pb2.ValidateResponse(
            diagnostics=[
                plugin_pb2.Diagnostic(severity="error", path=path, summary=summary, detail=detail)
                for path, summary, detail in found
            ]
        )

    def Configure(self, request, context):
        made = self.make(json.loads(request.instance.config or b"{}"))
        with self.lock:
            self.instances[request.instance.integration] = made
        return plugin_pb2.ConfigureResponse()

    def Release(self, request, context):
        with self.lock:
            self.instances.pop(request.instance, None)
        return plugin_pb2.ReleaseResponse()

    def Health(self, request, context):
        return plugin_pb2.HealthResponse()

    def Shutdown(self, request, context):
        return plugin_pb2.ShutdownResponse()

    def Collect(self, request, context):
        with self.lock:
            instance = self.instances.get(request.instance)
            self.sequence += 1
            cycle = observation_pb2.Cycle(
                integration=request.instance, task=request.task, epoch=self.epoch, sequence=self.sequence
            )
        if instance is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "There is no such integration.")
        cycle.observed_at.GetCurrentTime()
        batch = Batch()
        instance.collect(request.task, batch)
        yield _message(begin=cycle)
        yield _message(batch=batch.message)
        yield _message(
            end=observation_pb2.CycleEnd(
                observations=len(batch.message.observations), samples=len(batch.message.samples.value)
            )
        )


def _message(**item):
    return collector_pb2.CollectResponse(message=observation_pb2.CycleMessage(**item))


class Batch:
    """What one cycle saw. Texts go into the table of the stream once."""

    def __init__(self):
        self.message, self.table = observation_pb2.Batch(), {"": 0}

    def record(self, type, key, name, status, doc):
        record = observation_pb2.Record(type=type, key=key, name=name, status=status, doc=json.dumps(doc).encode())
        self.message.observations.append(observation_pb2.Observation(record=record))

    def sample(self, type, key, metric, value, instance=""):
        s = self.message.samples
        for column, text in ((s.type, type), (s.key, key), (s.metric, metric), (s.instance, instance)):
            column.append(self._index(text))
        s.value.append(value)

    def _index(self, text):
        if text not in self.table:
            self.table[text] = len(self.table)
            self.message.strings.append(text)
        return self.table[text]


def _manifest(description):
    """What lies beside the program, so that the server need not run it to learn what it is."""
    with open(sys.argv[0], "rb") as program:
        digest = hashlib.sha256(program.read()).hexdigest()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "manifest": 1,
        "kind": description.kind,
        "name": description.name,
        "version": description.version,
        "protocol": {"min": PROTOCOL, "max": PROTOCOL},
        "sha256": digest,
        "os": platform.system().lower(),
        "arch": arch,
        "description": json_format.MessageToDict(description),
    }


def main(description, validate, make):
    if sys.argv[1:] == ["manifest"]:
        json.dump(_manifest(description), sys.stdout)
        return
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit("This is a plugin of Pulse. It is started by the server; `%s manifest` prints what it is." % sys.argv[0])
    key, cert = _certificate()
    plugin = Plugin(description, validate, make)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    plugin_pb2_grpc.add_PluginServicer_to_server(plugin, server)
    collector_pb2_grpc.add_CollectorServicer_to_server(plugin, server)
    credentials = grpc.ssl_server_credentials(
        [(key, cert.public_bytes(serialization.Encoding.PEM))],
        root_certificates=os.environ["PLUGIN_CLIENT_CERT"].encode(),
        require_client_auth=True,
    )
    path = os.path.join(tempfile.mkdtemp(prefix="p"), "s")
    server.add_secure_port("unix:" + path, credentials)
    server.start()
    der = base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")
    print(f"1|{PROTOCOL}|unix|{path}|grpc|{der}", flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=2)
