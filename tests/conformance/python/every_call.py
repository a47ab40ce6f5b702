"""Calls every operation of the SDK with arguments of every kind, and writes what it called: a JSON object a line.

`suite/conformance/requests.rs` runs this against a service that says yes to everything and remembers what it was sent, and
compares that with what our own client sends for the same call. The header `x-call` tells which call a request belongs to.

Objects are made from the types of the SDK's models, in Python's own types (`timedelta`, `datetime`, enumerations), so that
nothing of them can be forgotten and all of them go through the SDK's own serialization.
"""

import enum
import inspect
import json
import os
import typing
from datetime import datetime, timedelta, timezone

from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline.policies import HeadersPolicy

# Methods of the client that are no operations of the service, or make several requests out of one call.
NOT_OPERATIONS = {"close", "send_request", "create_tasks"}
# Parameters that say nothing about the request, or that the client sets by itself.
NOT_ARGUMENTS = {"self", "kwargs", "ocp_date", "polling_interval"}

TIME = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=timezone.utc)
DURATIONS = [
    timedelta(minutes=5),
    timedelta(days=1, hours=2, minutes=3, seconds=4),
    timedelta(days=7),
    timedelta(seconds=90, milliseconds=500),
]
TEXTS = ["text", "with spaces & 'quotes'", 'é "\\" 日本', ""]
# As many as the largest enumeration that clients send has members.
TURNS = 6


class Maker:
    """Makes values of a type: all that an object can have, or only what it must have. Each turn chooses others."""

    def __init__(self, turn, whole):
        self.turn = turn
        self.whole = whole

    def choose(self, values):
        return values[self.turn % len(values)]

    def value(self, kind, name=""):
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Union:
            return self.value(self.best(arguments), name)
        if origin is list:
            return [self.value(arguments[0], name) for _ in range(1 + self.turn % 2)]
        if origin is dict:
            return {"key": "value", "other": self.choose(TEXTS)}
        if issubclass(kind, enum.Enum):
            return self.choose(list(kind))
        if kind is datetime:
            return TIME
        if kind is timedelta:
            return self.choose(DURATIONS)
        if kind is bool:
            return self.turn % 2 == 0
        if kind is int:
            return self.choose([1, 42, 2**31 - 1])
        if kind is float:
            return 12.5
        if kind is str:
            # Ids have an alphabet of their own.
            return f"{name}-{self.turn}" if name.endswith(("id", "ids")) else self.choose(TEXTS)
        return self.object(kind)

    @staticmethod
    def best(kinds):
        """Of several types, the one that says most: an enumeration or a model rather than a text."""
        kinds = [kind for kind in kinds if kind is not type(None)]
        return next((kind for kind in kinds if inspect.isclass(kind) and kind is not str), kinds[0])

    def object(self, model):
        kinds = typing.get_type_hints(model, localns={"_models": models})
        given = {}
        for name, kind in kinds.items():
            field = inspect.getattr_static(model, name, None)
            if not hasattr(field, "_rest_name_input") or field._visibility == ["read"]:
                continue
            if self.whole or type(None) not in typing.get_args(kind):
                given[name] = self.value(kind, name)
        return model(**given)


def names_a_model(kind):
    """Whether a parameter is the body of the request."""
    return any(inspect.isclass(one) and issubclass(one, models._models._Model) for one in typing.get_args(kind))


def argument(maker, name, kind):
    """A value of a method's parameter, and how it is told."""
    if name in ("etag", "match_condition"):
        condition = maker.choose([MatchConditions.IfNotModified, MatchConditions.IfModified])
        return ("0x8DE0123456789AB", "0x8DE0123456789AB") if name == "etag" else (condition, condition.name)
    if name in ("select", "expand"):
        return (["id", "url"], ["id", "url"]) if name == "select" else (["stats"], ["stats"])
    if name == "filter":
        return ("id eq 'a b+c&d'", "id eq 'a b+c&d'")
    if name == "max_results":
        return (10, 10)
    if name == "ocp_range":
        return ("bytes=0-9", "bytes=0-9")
    if name == "file_path":
        path = maker.choose(["stdout.txt", "wd/out dir/é+%.txt"])
        return (path, path)
    if name.endswith(("_id", "_name")):
        identifier = f"{name}-{maker.turn}".replace("_", "-")
        return (identifier, identifier)
    value = maker.value(kind, name)
    return (value, value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value)


def calls():
    """Every operation with every kind of arguments: the method's name, its arguments, and how they are told."""
    for method in sorted(name for name in dir(BatchClient) if not name.startswith("_")):
        if method in NOT_OPERATIONS:
            continue
        function = inspect.unwrap(getattr(BatchClient, method))
        kinds = typing.get_type_hints(function)
        parameters = [p for name, p in inspect.signature(function).parameters.items() if name not in NOT_ARGUMENTS]
        for turn in range(TURNS):
            for whole in (False, True):
                maker = Maker(turn, whole)
                given, told = {}, {}
                for parameter in parameters:
                    kind = kinds[parameter.name]
                    if parameter.default is None and not whole and not names_a_model(kind):
                        continue
                    value, told[parameter.name] = argument(maker, parameter.name, kind)
                    if parameter.default is None and names_a_model(kind) and not value:
                        # Where a body may be left out, the SDK fails to make a request with an empty one.
                        value = Maker(turn, whole=True).value(kind)
                    given[parameter.name] = value
                    if isinstance(value, models._models._Model):
                        told[parameter.name] = type(value).__name__
                yield method, given, told


def main():
    key = AzureNamedKeyCredential(os.environ["CONFORMANCE_ACCOUNT"], os.environ["CONFORMANCE_KEY"])
    mark = HeadersPolicy()
    client = BatchClient(endpoint=os.environ["CONFORMANCE_ENDPOINT"], credential=key, headers_policy=mark)
    for number, (method, given, told) in enumerate(calls()):
        given = dict(given)
        if method.startswith("begin_"):
            given["polling_interval"] = 3600
        mark.add_header("x-call", str(number))
        result = getattr(client, method)(**given)
        if method.startswith(("list_", "download_")):
            list(result)
        print(json.dumps({"call": str(number), "method": method, "arguments": told}))


if __name__ == "__main__":
    main()
