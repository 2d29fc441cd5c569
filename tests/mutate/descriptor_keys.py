"""A value for every key of a descriptor, for tests/mutate/effects: by table.key of
lib/plugin/key.c the kind of descriptor, what it has with the key, what it has without."""
import copy
import json
import os
import re

KINDS = {
    "iut": ("services/iut/minip/own.yaml", {
        "plugin": "own", "kind": "iut", "protocol": "minip", "binary": "own",
        "commands": {"server": ["s", "{{ port }}", "{{ listen }}", "{{ protocol.tls }}"],
                     "client": ["c"]},
        "docker": {"packages": ["p"]}}),
    "service": ("services/base/below.yaml", {
        "plugin": "below", "kind": "service", "environment": {"BELOW": "1"}}),
    "protocol": ("protocols/spoken.yaml", {
        "plugin": "spoken", "kind": "protocol", "transport": "udp", "port": 4444}),
    "network": ("environments/network/place.yaml", {
        "plugin": "place", "kind": "network_environment", "isolation": "full",
        "address": "127.0.0.1", "supported_by": ["pth-exec"]}),
    "execution": ("environments/execution/under.yaml", {
        "plugin": "under", "kind": "execution_environment", "wrap": ["under"]}),
}
SOURCES = {"builder": "c", "repository": "https://example.org/r.git"}


def docker(**more):
    return {"docker": {**SOURCES, **more}}


def cmd(**more):
    return {"phases": {"pre_run": [{"argv": ["true"], **more}]}}


def ready(**more):
    return {"ready": {"server": {"udp": "5", **more}}}


def server(*words):
    return {"commands": {"server": list(words), "client": ["c"]}}


def parameter(given=None, **spec):
    return {**server("s", "{{ p }}"), "parameters": {"p": spec}, "given": given}


def metric(**more):
    return {"metrics": [{"name": "m", "matches": "a([0-9]+)", **more}]}


def event(**more):
    return {"events": [{"name": "own_event", "matches": "a([0-9]+)", **more}]}


def cache(inputs, outputs):
    return {"phases": {"compile": [["true"]]},
            "compile_cache": {"inputs": inputs, "outputs": outputs}}


def iut(with_, without):
    return "iut", with_, without


KEYS = {
    **{"phase." + p: iut({"phases": {p: [["true"]]}}, {"phases": {}})
       for p in ("pre_compile", "compile", "post_compile", "pre_run", "post_run")},
    "stop.signal": iut({"stop": {"signal": "HUP"}}, {"stop": {}}),
    "stop.grace": iut({"stop": {"grace": "7s"}}, {"stop": {}}),
    "capture.interface": ("network", {"capture": {"interface": "zz", "file": "a"}},
                          {"capture": {"file": "a"}}),
    "capture.file": ("network", {"capture": {"interface": "lo", "file": "b"}},
                     {"capture": {"interface": "lo"}}),
    "docker.builder": iut(docker(), {"docker": {"repository": SOURCES["repository"]}}),
    "docker.repository": iut(docker(), {"docker": {"builder": "c"}}),
    "docker.image": iut({"docker": {"image": "zz:1"}}, {"docker": {}}),
    "docker.dockerfile": iut({"docker": {"dockerfile": "Dockerfile"}}, {"docker": {}}),
    **{"docker." + k: iut(docker(**{k: v}), docker()) for k, v in {
        "base": "debian:12", "build_base": "debian:11", "features": ["F"], "packages": ["zz"],
        "build_packages": ["zz"], "revision": "abc", "submodules": True, "directory": "/opt/zz",
        "build": ["make zz"], "args": {"A": "1"}, "environment": {"A": "1"}, "expose": [99],
        "capabilities": ["NET_ADMIN"], "platform": "linux/arm64", "files": ["own.yaml"],
        "copy": ["zz"],
        "patches": ["p.patch"],
        "dependencies": [{"name": "d", "repository": "https://example.org/d.git"}]}.items()},
    "cmd.argv": iut(cmd(), {"phases": {"pre_run": []}}),
    "cmd.sh": iut({"phases": {"pre_run": [{"sh": "a b"}]}}, {"phases": {"pre_run": []}}),
    "cmd.words": iut({"phases": {"pre_run": [{"words": "a b"}]}}, {"phases": {"pre_run": []}}),
    **{"cmd." + k: iut(cmd(**{k: v}), cmd()) for k, v in {
        "when": "false", "critical": False, "timeout": "7s", "cwd": "/zz", "env": {"A": "1"},
        "name": "zz", "category": "certificate"}.items()},
    **{"ready." + k: iut({"ready": {"server": {k: v}}}, {"ready": {"server": []}})
       for k, v in {"udp": "5", "tcp": "5", "file": "zz", "log": "zz", "command": ["zz"],
                    "delay": "7ms"}.items()},
    "ready.in": iut({"ready": {"server": {"log": "a", "in": "zz"}}},
                    {"ready": {"server": {"log": "a"}}}),
    "ready.timeout": iut(ready(timeout="77s"), ready()),
    "ready.when": iut(ready(when="false"), ready()),
    "arg.when": iut(server({"when": "false", "args": ["a"]}), server({"optional": "a"})),
    "arg.args": iut(server({"when": "true", "args": ["a"]}), server({"when": "true"})),
    "arg.else": iut(server({"when": "false", "args": ["a"], "else": ["b"]}),
                    server({"when": "false", "args": ["a"]})),
    "arg.each": iut(server({"each": "['a', 'b']"}), server()),
    "arg.as": iut(server({"each": "['a']", "as": "zz", "args": ["{{ zz }}"]}),
                  server({"each": "['a']", "args": ["{{ zz | default('') }}"]})),
    "arg.optional": iut(server({"optional": "a"}), server()),
    "arg.words": iut(server({"words": "a b"}), server("a b")),
    "cache.inputs": iut(cache(["a", "b"], ["c"]), cache(["a"], ["c"])),
    "cache.outputs": iut(cache(["a"], ["c", "d"]), cache(["a"], ["c"])),
    "param.type": iut(parameter("07", type="str"), parameter("07", type="int")),
    "param.default": iut(parameter(default="a", type="str"), parameter(type="any")),
    "param.from": iut(parameter(type="str", **{"from": "'zz'"}), parameter(type="str", default="")),
    "param.min": iut(parameter(5, type="int", min=6), parameter(5, type="int")),
    "param.max": iut(parameter(5, type="int", max=4), parameter(5, type="int")),
    "param.enum": iut(parameter("a", type="str", enum=["b"]), parameter("a", type="str")),
    "param.pattern": iut(parameter("a", type="str", pattern="b"), parameter("a", type="str")),
    "param.items": iut(parameter([{}], type="list", items="int"), parameter([{}], type="list")),
    "param.template": iut(parameter("{{ port }}", type="str", template=True),
                          parameter("{{ port }}", type="str")),
    "param.required": iut(parameter(type="any", required=True), parameter(type="any")),
    "param.wanted": iut(parameter(type="any", wanted=True), parameter(type="any")),
    "param.unused": iut({**server("s"), "parameters": {"p": {"unused": "why"}}, "given": "a"},
                        {**server("s"), "parameters": {"p": {}}, "given": "a"}),
    "param.words": iut(parameter("a b", type="list", words=True), parameter("a b", type="list")),
    **{"param." + k: iut(parameter("a", type="str", **{k: "zz"}), parameter("a", type="str"))
       for k in ("description", "unit")},
    "metric.name": iut(metric(name="zz"), metric()),
    "metric.matches": iut(metric(matches="zz"), metric()),
    "metric.json": iut({"metrics": [{"name": "m", "json": "a.b"}]}, metric()),
    **{"metric." + k: iut(metric(**{k: v}), metric()) for k, v in {
        "file": "zz.log", "reduce": "sum", "scale": 7, "description": "zz", "when": "false",
        "each": "['a', 'b']"}.items()},
    "metric.as": iut(metric(each="['a']", **{"as": "zz", "name": "{{ zz }}"}),
                     metric(each="['a']", name="{{ zz | default('b') }}")),
    "event.name": iut(event(name="zz"), event()),
    "event.matches": iut(event(matches="zz"), event()),
    "event.json": iut({"events": [{"file": "a.jsonl", "json": "event"}]}, event()),
    **{"event." + k: iut(event(**{k: v}), event()) for k, v in {
        "file": "zz.log", "description": "zz", "when": "false", "each": "['a', 'b']"}.items()},
    "event.as": iut(event(each="['a']", **{"as": "zz", "matches": "{{ zz }}"}),
                    event(each="['a']", matches="{{ zz | default('b') }}")),
    "top.events": iut(event(), {}),
    "top.extends": iut({"extends": "below"}, {}),
    "top.protocol": iut({"protocol": "tcp"}, {}),
    "top.supported_protocols": iut({"protocol": None, "supported_protocols": ["tcp"]}, {}),
    "top.version_configs": iut({"version_configs": "configs"}, {}),
    "top.version_config": iut({"version_configs": "configs", "version_config": {"env": {"A": "1"}}},
                              {"version_configs": "configs"}),
    "top.versions": iut({"versions": {"v7": {"cwd": "/zz"}}, "default_version": "v7"}, {}),
    "top.compile_cache": iut(cache(["a"], ["b"]), {"phases": {"compile": [["true"]]}}),
    "top.parameters": iut(parameter(type="str", default="a"), server("s", "{{ p | default('') }}")),
    "top.commands": iut(server("zz"), server()),
    "top.default_version": iut({"versions": {"a": {}, "b": {}}, "default_version": "b"},
                               {"versions": {"a": {}, "b": {}}}),
    "top.docker": iut(docker(), {}),
    "top.features": iut({"features": {"zz": True}, **server("{{ features.zz }}")},
                        server("{{ features.zz | default('') }}")),
    **{"top." + k: iut({k: v}, {}) for k, v in {
        "roles": {"server": {"cwd": "/zz"}}, "binary": "zz", "cwd": "/zz",
        "phases": {"pre_run": [["true"]]}, "ready": {"server": {"delay": "7ms"}},
        "stop": {"signal": "HUP"}, "finite": True, "environment": {"A": "1"}, "dirs": ["zz"],
        "files": [{"path": "zz", "text": "a"}], "keylogs": ["zz"], "artifacts": ["zz"],
        "requires": [{"program": "zz", "package": "zz"}],
        "verdict": [{"log": [{"not_matches": "zz"}]}],
        "metrics": [{"name": "m", "matches": "a"}], "description": "zz",
        "homepage": "https://zz", "language": "go", "version": "7.7", "author": "zz",
        "capabilities": ["zz"], "module": "zz"}.items()},
    "top.transport": ("protocol", {"transport": "tcp"}, {}),
    "top.port": ("protocol", {"port": 5555}, {}),
    "top.tls": ("protocol", {"tls": True}, {}),
    "top.decode": ("protocol", {"decode": ["udp.port==5,quic"]}, {}),
    "top.setup": ("protocol", {"setup": [["true"]]}, {}),
    "top.aliases": ("protocol", {"aliases": ["zz"]}, {"aliases": []}),
    "top.teardown": ("network", {"teardown": [["true"]]}, {}),
    "top.isolation": ("network", {"isolation": "none"}, {}),
    "top.address": ("network", {"address": "127.0.0.9"}, {}),
    "top.listen": ("network", {"listen": "127.0.0.9"}, {}),
    "top.conditions": ("network", {"extends": "lte", "conditions": {"rate": "7Mbit"}}, {}),
    "top.links": ("network", {"extends": "localhost", "links": True}, {}),
    "top.images": ("network", {"images": True}, {}),
    "top.wrap of a network": ("network", {"wrap": ["zz"]}, {}),
    "top.setup of a network": ("network", {"setup": [["true"]]}, {}),
    "top.in_container": ("network", {"in_container": "docker_compose"}, {}),
    "top.capture": ("network", {"capture": {"interface": "zz"}}, {}),
    "top.supported_by": ("network", {"supported_by": []}, {}),
    "top.wrap": ("execution", {"wrap": ["zz"]}, {"wrap": []}),
    "top.post": ("execution", {"post": [["true"]]}, {}),
    "top.variants": ("execution", {"variants": "[{'a': 1}, {'a': 2}]"}, {}),
    "top.conflicts": ("execution", {"conflicts": ["iterations"]}, {}),
    "line.line": iut({"commands": {"server": {"line": "a b"}, "client": ["c"]}}, {}),
    "line.template": iut({"commands": {"server": {"template": "t.jinja"}, "client": ["c"]}}, {}),
    "var.when": iut({"environment": {"A": {"when": "false", "value": "1"}}},
                    {"environment": {"A": {"value": "1"}}}),
    "var.value": iut({"environment": {"A": {"value": "1"}}}, {"environment": {"A": "2"}}),
}
FILES = {"Dockerfile": "FROM scratch\n", "p.patch": "a\n", "t.jinja": "a\n",
         "configs/v7.yaml": "version: v7\ncommit: abcdef1\n"}


def tables(top):
    """The names of the tables of lib/plugin/key.c, and their keys."""
    with open(top + "/lib/plugin/key.c") as f:
        text = f.read()
    for name, body in re.findall(r"struct key (\w+)\[\] = \{(.*?)\.name = NULL \}", text, re.S):
        keys = re.findall(r'\bK\((\w+),|\bOF\([^()]*(?:\([^()]*\)[^()]*)*?, *(\w+), *\w+\)|'
                          r'\.name = "(\w+)"', body)
        keys = [a or b or c for a, b, c in keys]
        if name == "keys":
            name = "line" if "line" in keys else "var" if "value" in keys else "keys"
        yield name.replace("_keys", ""), keys


def world(dir_, kind, extra, tree):
    """A folder of descriptors, one of which has more, and the tree as it uses them."""
    test = tree["tests"][0]
    for which, (path, text) in KINDS.items():
        text = copy.deepcopy(text)
        if which == "iut" and kind == "protocol":
            text["protocol"] = ["spoken", "zz"]
        if which == kind:
            text.update({k: v for k, v in extra.items() if k != "given"})
        os.makedirs(os.path.dirname(dir_ + "/" + path), exist_ok=True)
        with open(dir_ + "/" + path, "w") as f:
            json.dump({k: v for k, v in text.items() if v is not None}, f)
    for name, text in FILES.items():
        path = dir_ + "/services/iut/minip/" + name
        if name == "configs/v7.yaml" and "version_configs" not in extra:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
    for s in test["services"].values():
        s["implementation"]["name"] = "own"
        if extra.get("given") is not None:
            s["implementation"]["p"] = extra["given"]
        if kind == "protocol":
            s["protocol"]["name"] = "zz" if "aliases" in extra else "spoken"
            s.pop("ports", None)
        if extra.get("protocol", "") == "tcp" or "supported_protocols" in extra:
            s["protocol"]["name"] = "tcp"
    if kind == "network":
        test["network_environment"] = {"type": "place"}
        if "in_container" in extra:
            test["network_environment"]["container"] = True
    if kind == "execution":
        test["execution_environment"] = [{"type": "under"}, {"type": "iterations"}]
