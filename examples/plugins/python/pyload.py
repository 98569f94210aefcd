"""A source of the load of the machine on which the server runs: the smallest plugin in Python."""

import serve
from pulse.plugin.v1 import describe_pb2 as d

TYPE = "load"


def describe():
    return d.Description(
        kind="pyload",
        name="Load (Python)",
        summary="The load of this machine, read by a plugin in Python.",
        version="0.1.0",
        capabilities=["collect"],
        config=b'{"type":"object","properties":{"name":{"type":"string","title":"Name",'
        b'"description":"What people call the machine.","default":"here","x-order":0}},"additionalProperties":false}',
        types=[
            d.ResourceType(
                name=TYPE,
                label="Load",
                plural="Loads",
                icon="gauge",
                family="loads",
                metrics=["load1"],
                columns=[
                    d.Column(
                        name="load1", label="Load", metric="load1", path="load1", format="number", default=True, priority=1
                    )
                ],
            )
        ],
        metrics=[
            d.Metric(
                name="load1", types=[TYPE], unit="count", kind="gauge", precision=10, label="Load",
                help="Mean length of the run queue over a minute.", wire_name="load1", wire_scale=1, chart="load",
            )
        ],
        sections=[
            d.StateSection(
                section="loads", type=TYPE, order=970, sort_by="name", history_type=TYPE,
                inject=[d.Inject(member="id", value="id"), d.Inject(member="status", value="status")],
            )
        ],
        tasks=[d.Task(name="read", label="Read the load", interval={"seconds": 10}, cost="light", types=[TYPE])],
    )


def validate(config):
    """Gives (path, summary, detail) for what is wrong."""
    for key, value in config.items():
        if key != "name":
            yield key, "Unknown key", "There is only the key name."
        elif not isinstance(value, str):
            yield key, "Wrong type", "Expected a text."


class Load:
    def __init__(self, config):
        self.name = config.get("name", "here")

    def collect(self, task, batch):
        with open("/proc/loadavg") as f:
            load = float(f.read().split()[0])
        batch.record(TYPE, "load", self.name, "up", {"name": self.name, "load1": load})
        batch.sample(TYPE, "load", "load1", load)


if __name__ == "__main__":
    serve.main(describe(), validate, Load)
