# SPDX-License-Identifier: MIT
#
# Drives every method with valid and invalid parameters through a client that
# holds each message against the schema. What the schema refuses the daemon
# refuses, and the other way round. Fails for a method without a schema and for
# a member that no schema knows.

import atexit
import json
import math
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

SOURCE = os.environ.get("SQ_TOP_SRCDIR", ".")
BUILD = os.environ.get("SQ_TOP_BUILDDIR", ".")
with open(SOURCE + "/doc/protocol/protocol.json", encoding="utf-8") as f:
    DEFS = json.load(f)["$defs"]

failures = []
n_checked = 0


def fail(text):
    failures.append(text)
    print("FAILED " + text)


def escape(name):
    return name.replace("~", "~0").replace("/", "~1")


def validator(pointer):
    return Draft202012Validator({"$ref": "#/$defs/" + pointer, "$defs": DEFS})


VALIDATORS = {}


def complaint(pointer, value):
    """what the schema says against the value, or None"""
    if pointer not in VALIDATORS:
        VALIDATORS[pointer] = validator(pointer)
    for error in VALIDATORS[pointer].iter_errors(value):
        best = error
        while best.context:
            best = min(best.context, key=lambda e: (-len(e.absolute_path), len(e.context or [])))
        where = "/".join(str(p) for p in best.absolute_path)
        return "%s: %s" % (where, best.message[:300])
    return None


def check(pointer, value, what):
    global n_checked
    n_checked += 1
    why = complaint(pointer, value)
    if why:
        fail("%s is no %s: %s\n  %s" % (what, pointer, why, json.dumps(value)[:600]))


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(path)

    def send(self, value):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.socket.sendall(struct.pack("<I", len(body)) + body)

    def some(self, n):
        out = b""
        while len(out) < n:
            more = self.socket.recv(n - len(out))
            if not more:
                return None
            out += more
        return out

    def receive(self):
        head = self.some(4)
        return head and json.loads(self.some(struct.unpack("<I", head)[0]))

    def hello(self):
        hello = {"client_version": "test-schema", "protocol_version": 1}
        check("DaemonHello", hello, "hello")
        self.send(hello)
        answer = self.receive()
        check("DaemonHelloResponse", answer, "answer to the hello")
        return self

    def call(self, method, params):
        """the answer, held against what the schema says of the method"""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        check("message", request, method)
        self.send(request)
        answer = self.receive()
        what = "answer to %s %s" % (method, json.dumps(params))
        if answer is None:
            fail(what + ": the end of the stream")
            return {"error": {"code": 0}}
        check("reply", answer, what)
        if "result" in answer and not method.startswith("test/"):
            check(escape(method) + "/properties/result", answer["result"].get("result"), what)
        return answer


class Daemon:
    def __init__(self, config=""):
        self.dir = tempfile.mkdtemp(prefix="sqryd-schema.")
        atexit.register(shutil.rmtree, self.dir, True)
        self.socket, self.tree = self.dir + "/d.sock", self.dir + "/tree"
        os.mkdir(self.tree)
        with open(self.dir + "/conf", "w", encoding="utf-8") as conf:
            conf.write("[daemon]\nworkers = 2\n" + config)
        ready, ours = os.pipe()
        env = dict(os.environ, SQRY_DAEMON_SOCKET=self.socket, SQRYD_READY_PIPE_FD=str(ours))
        self.log = open(self.dir + "/log", "wb")
        self.process = subprocess.Popen([BUILD + "/src/daemon/sqryd", "--config", self.dir + "/conf", "foreground"],
                                        env=env, pass_fds=[ours], stderr=self.log)
        atexit.register(self.end)
        os.close(ours)
        os.read(ready, 1)
        os.close(ready)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def write(self, path, text):
        path = self.tree + "/" + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def client(self):
        return Client(self.socket).hello()

    def stop(self):
        self.client().call("daemon/stop", {})
        status = self.process.wait(60)
        if status:
            fail("the daemon ended with %d" % status)


def code(answer):
    return answer.get("error", {}).get("code", 0)


def methods():
    names = subprocess.run([BUILD + "/tests/integration/list-methods"], stdout=subprocess.PIPE, check=True).stdout
    return names.decode().split()


# ---- what is sent -------------------------------------------------------------------

def samples(tree):
    """parameters that are right, by method; the first ones are what invalid ones are made of"""
    root, search, path = {"index_root": tree}, {"search_path": tree}, {"path": tree}
    return {
        "daemon/status": [{}],
        "daemon/metrics": [{}],
        "daemon/active-artifacts": [{}],
        "daemon/load": [root, dict(root, root_mode="gitRoot", config_fingerprint="0")],
        "daemon/unload": [dict(root, config_fingerprint=17), dict(root, config_fingerprint="18446744073709551615")],
        "daemon/rebuild": [path, dict(path, force=True)],
        "daemon/cancel_rebuild": [path],
        "daemon/sync": [path, dict(path, timeout_ms=60000)],
        "daemon/notify": [dict(path, paths=["a.c"]), dict(path, paths=[], timeout_ms=60000)],
        "daemon/changes": [path, dict(path, since="c:another:1:1"), dict(path, limit=5)],
        "daemon/pin": [path],
        "daemon/unpin": [path],
        "daemon/reset": [dict(path, path="/nonexistent")],
        "daemon/dump": [path, dict(path, hash=True)],
        "daemon/search": [dict(search, pattern="one"), dict(search, pattern="^o", mode="regex"),
                          dict(search, pattern="onn", mode="fuzzy", limit=3),
                          dict(search, pattern="one", kind="function", lang="c", include_generated=True)],
        "daemon/query": [dict(search, query=q) for q in
                         ["kind:function", "kind:function | count", "kind:function | group_by lang",
                          "name~=/o/ | stats", "kind:function | top 1 kind", "kind:function CALLS kind:function", "text~=/return/", "returns:int"]] +
                        [dict(search, query="name:$n", limit=2, variables={"n": "one"})],
        "direct_callers": [dict(path, symbol="one"), dict(path, symbol="no_such"),
                           dict(path, symbol="one", pagination={"page_size": 1})],
        "direct_callees": [dict(path, symbol="two"), dict(path, symbol="calls_nobody_knows")],
        "find_unused": [dict(path), dict(path, scope="function", language=["c"], symbol_kind=["function"])],
        "find_cycles": [dict(path), dict(path, cycle_type="imports", min_depth=1, include_self_loops=True)],
        "is_node_in_cycle": [dict(path, symbol="ping"), dict(path, symbol="one")],
        "relation_query": [dict(path, symbol="one", relation_type=t) for t in
                           ["callers", "callees", "imports", "exports", "returns", "instantiations"]] +
                          [dict(path, symbol="one", relation_type="callers", page_size=1)],
        "dependency_impact": [dict(path, symbol="one"), dict(path, symbol="one", include_files=False)],
        "trace_path": [dict(path, from_symbol="two", to_symbol="one"),
                       dict(path, from_symbol="one", to_symbol="no_such", min_confidence=0.25)],
        "subgraph": [dict(path, symbols=["one"]), dict(path, symbols=["one"], include_imports=True, page_size=1)],
        "show_dependencies": [dict(path, symbol_name="two"), dict(path, file_path="a.c")],
        "export_graph": [dict(path, symbol_name="one"),
                         dict(path, file_path="a.c", format="dot", include=["calls", "imports", "exports", "returns"])],
        "complexity_metrics": [dict(path), dict(path, target="one")],
    }


WRONG = [7, -1, 1.5, "x", True, [], {}, [3]]


def mutations(schema, good):
    """(what, parameters) that the schema refuses, each for one reason"""
    for name in schema.get("required", []):
        yield "without " + name, {k: v for k, v in good.items() if k != name}
        yield "null " + name, dict(good, **{name: None})
    if not schema.get("additionalProperties", True):
        yield "unknown member", dict(good, no_such_member=1)
    for name, part in schema["properties"].items():
        values = list(WRONG)
        values += [part["minimum"] - 1] if "minimum" in part else []
        values += [part["maximum"] + 1] if "maximum" in part else []
        values += [2 ** 63] if "maximum" in part else []
        for value in values:
            yield "%s = %s" % (name, json.dumps(value)), dict(good, **{name: value})


def drive(daemon, client, method, all_samples):
    pointer = escape(method) + "/properties/params"
    if method not in all_samples:
        fail("%s: the test has no sample of its parameters" % method)
        return
    for params in all_samples[method]:
        why = complaint(pointer, params)
        if why:
            fail("%s: the schema refuses %s: %s" % (method, json.dumps(params), why))
        answer = client.call(method, params)
        if code(answer) == -32602:
            fail("%s refuses %s: %s" % (method, json.dumps(params), json.dumps(answer["error"])))
    for what, params in mutations(DEFS[method]["properties"]["params"], all_samples[method][0]):
        refused = complaint(pointer, params) is not None
        answer = client.call(method, params)
        if refused and code(answer) != -32602:
            fail("%s, %s: the schema refuses it, the daemon answers %d" % (method, what, code(answer)))
        if not refused and code(answer) == -32602 and not answer["error"]["data"]["details"].get("reason", "").startswith(
                ("no indexed", "no definition", "lang is", "kind is", "format", "query:", "page_token", "cursor",
                 "one of file_path", "max_depth must not", "language holds", "symbol_kind holds", "languages holds",
                 "exclude_cfg_gated", "relation_type", "variables", "min_depth")):
            fail("%s, %s: the schema allows it, the daemon refuses: %s" %
                 (method, what, json.dumps(answer["error"])))


# ---- frames, batches, first frames ------------------------------------------------------

def first_frames(daemon):
    for frame, answer_is in [
            ({"protocol": "lsp", "pid": 1}, "ShimRegisterAck"),
            ({"protocol": "mcp", "pid": 4294967295}, "ShimRegisterAck"),
            ({"protocol": "mcp", "pid": 4294967296}, "ShimRegisterAck"),
            ({"protocol": "mcp", "pid": "1"}, "ShimRegisterAck"),
            ({"protocol": "dap", "pid": 1}, "ShimRegisterAck"),
            ({"protocol": None, "pid": None}, "ShimRegisterAck"),
            ({"protocol": "lsp", "pid": 1, "more": 1}, "ShimRegisterAck"),
            ({"client_version": "x", "protocol_version": 2}, "DaemonHelloResponse"),
            ({"client_version": "x", "protocol_version": 0}, "DaemonHelloResponse"),
            ({"client_version": "x"}, "failure"), ({"protocol_version": 1}, "failure"),
            ({"client_version": 1, "protocol_version": 1}, "failure"),
            ({"client_version": "x", "protocol_version": -1}, "failure"),
            ({"client_version": "x", "protocol_version": "1"}, "failure"),
            ([], "failure"), (None, "failure"), (b"no json", "failure")]:
        client = Client(daemon.socket)
        client.send(frame)
        answer = client.receive()
        check(answer_is, answer, "answer to " + str(frame))
        if answer_is == "ShimRegisterAck":
            wrong = complaint("ShimRegister", frame) is not None
            if answer["accepted"] or wrong != answer["reason"].startswith("invalid ShimRegister:"):
                fail("%s is answered %s" % (frame, answer))
        elif answer_is == "DaemonHelloResponse" and answer["compatible"]:
            fail("%s is compatible" % frame)
        elif answer_is == "failure" and (answer["error"]["code"] != -32600 or answer["id"] is not None):
            fail("%s is answered %s" % (frame, answer))
        if client.receive() is not None:
            fail("%s leaves the connection open" % frame)


def batches(daemon):
    client = daemon.client()
    status = {"jsonrpc": "2.0", "method": "daemon/status"}
    client.send(status)
    client.send([status, dict(status, method="no/such")])
    for ident in [0, -1, "a", "", None, 2 ** 63, 2 ** 64 - 1]:
        client.send(dict(status, id=ident))
        answer = client.receive()
        check("response", answer, "answer to id %s" % ident)
        if answer["id"] != ident or "result" not in answer:
            fail("id %s is answered with %s" % (ident, answer["id"]))
    client.send([dict(status, id=1), status, [], 7, dict(status, id=1.5), dict(status, id=2, method="no/such"),
                 {"id": 3, "method": "daemon/status"}, dict(status, id=4, params=[1]), dict(status, id=5, params=3)])
    answer = client.receive()
    check("reply", answer, "answer to a batch")
    got = [(a["id"], code(a)) for a in answer]
    want = [(1, 0), (None, -32600), (None, -32600), (None, -32600), (2, -32601), (3, -32600), (4, -32602), (5, -32600)]
    if got != want:
        fail("a batch is answered %s instead of %s" % (got, want))
    client.send([])
    answer = client.receive()
    check("failure", answer, "answer to an empty batch")
    if answer["id"] is not None or code(answer) != -32600:
        fail("an empty batch is answered %s" % answer)
    client.send(b'{"jsonrpc":')
    answer = client.receive()
    check("failure", answer, "answer to what is no JSON")
    if code(answer) != -32700 or answer["id"] is not None or client.receive() is not None:
        fail("what is no JSON is answered %s" % answer)


# ---- errors and meta ---------------------------------------------------------------------

# methods of the protocol whose analyses this release does not have, or that it leaves out
ABSENT = ["semantic_search", "semantic_diff", "structural_similar", "rebuild_index", "find_duplicates", "call_hierarchy",
          "daemon/loadRevision", "daemon/unloadRevision", "daemon/listRevisions", "daemon/revisionStatus",
          "daemon/pruneRevisions"]


def expect(answer, want, what):
    if code(answer) != want:
        fail("%s is answered %s instead of %d" % (what, json.dumps(answer)[:300], want))


def errors(daemon, client, known):
    for method in ABSENT:
        if method in known:
            continue
        answer = client.call(method, {})
        expect(answer, -32601, method)
        if answer["error"]["data"] != {"method": method}:
            fail("%s: data %s" % (method, answer["error"]["data"]))
    answer = client.call("daemon/search", {"search_path": "/usr", "pattern": "x"})
    expect(answer, -32004, "a search where nothing is loaded")
    if "hint" not in answer["error"]["data"]:
        fail("no hint where nothing is loaded")
    if "daemon/pin" in known:
        expect(client.call("daemon/pin", {"path": daemon.tree}), 0, "pin")
        expect(client.call("daemon/reset", {"path": daemon.tree}), -32010, "reset of what is pinned")
        expect(client.call("daemon/unpin", {"path": daemon.tree}), 0, "unpin")
    daemon.write("twice/a.c", "int twice(void) { return 1; }\n")
    daemon.write("twice/b.py", "def twice():\n    return 1\n")
    expect(client.call("daemon/sync", {"path": daemon.tree, "timeout_ms": 60000}), 0, "sync")
    answer = client.call("is_node_in_cycle", {"path": daemon.tree, "symbol": "twice"})
    if answer.get("error", {}).get("data", {}).get("kind") != "sqry::ambiguous_symbol":
        fail("an ambiguous symbol is answered %s" % answer)
    answer = client.call("daemon/query", {"search_path": daemon.tree, "query": "kind:("})
    expect(answer, -32602, "half a query")
    answer = client.call("relation_query", {"path": daemon.tree, "symbol": "one", "relation_type": "wraps"})
    if answer["error"]["data"]["details"].get("code") != "not_recorded":
        fail("wraps is answered %s" % answer)


def metas(daemon, client):
    """fresh: the clock of the graph and its state; management calls have neither"""
    search = {"search_path": daemon.tree, "pattern": "one"}
    for method, params in [("daemon/search", search), ("direct_callers", {"path": daemon.tree, "symbol": "one"}),
                           ("find_unused", {}), ("daemon/dump", {"path": daemon.tree})]:
        meta = client.call(method, params)["result"]["meta"]
        if meta["stale"] or "as_of" not in meta or meta.get("workspace_state") not in ("Loaded", "Rebuilding"):
            fail("%s: meta %s" % (method, meta))
    for method, params in [("daemon/status", {}), ("daemon/unload", {"index_root": "/nonexistent"}),
                           ("daemon/cancel_rebuild", {"path": daemon.tree})]:
        meta = client.call(method, params)["result"]["meta"]
        if "workspace_state" in meta or meta["stale"]:
            fail("%s: meta %s" % (method, meta))
    if client.call("daemon/load", {"index_root": daemon.tree})["result"]["meta"].get("workspace_state") != "Loaded":
        fail("load does not say Loaded")


def stale(daemon, client):
    """a build that fails: the older graph, and what is said of it"""
    client.call("test/fault", {"site": "finished", "error": 28, "count": 1000})
    daemon.write("late.c", "int late(void) { return 1; }\n")
    expect(client.call("daemon/sync", {"path": daemon.tree, "timeout_ms": 60000}), -32001, "a sync whose turn fails")
    for method, params, warns in [
            ("daemon/search", {"search_path": daemon.tree, "pattern": "one"}, False),
            ("direct_callers", {"path": daemon.tree, "symbol": "one"}, True),
            ("find_unused", {"path": daemon.tree}, True)]:
        answer = client.call(method, params)
        meta, result = answer["result"]["meta"], answer["result"]["result"]
        if not meta["stale"] or meta["workspace_state"] != "Failed" or "last_good_at" not in meta or \
           "last_error" not in meta or ("_stale_warning" in result) != warns:
            fail("%s, stale: %s" % (method, answer))
    client.call("test/fault", {"site": "finished", "error": 28, "count": 0})
    expect(client.call("daemon/rebuild", {"path": daemon.tree, "force": True}), 0, "a rebuild that mends it")


# ---- figures -----------------------------------------------------------------------------

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r"^(%s)(?:\{((?:%s)(?:,%s)*)\})? (\S+)$" % (NAME, LABEL, LABEL))


def figures(text):
    """the text format, strictly: HELP, TYPE, then the samples of the family; Return: {series: value}"""
    family, kind, series, helped = None, None, {}, set()
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            if family in helped:
                fail("figures: %s comes twice" % family)
            helped.add(family)
            kind = None
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != family or kind not in ("counter", "gauge", "histogram"):
                fail("figures: " + line)
            if (kind == "counter") != name.endswith("_total"):
                fail("figures: %s is a %s" % (name, kind))
            continue
        m = SAMPLE.match(line)
        if not m or kind is None:
            fail("figures: " + line)
            continue
        name = m.group(1)
        ends = [""] if kind != "histogram" else ["_bucket", "_sum", "_count"]
        if name not in [family + e for e in ends]:
            fail("figures: %s in the family %s" % (name, family))
        key = (name, m.group(2) or "")
        if key in series:
            fail("figures: %s comes twice" % line)
        series[key] = float(m.group(3))
        if kind != "gauge" and (math.isnan(series[key]) or series[key] < 0):
            fail("figures: " + line)
    if not text.endswith("\n"):
        fail("figures: no line end at the end")
    buckets = {}
    for (name, labels), value in series.items():
        if name.endswith("_bucket"):
            rest, le = re.match(r'^(.*?),?le="([^"]*)"$', labels).groups()
            buckets.setdefault((name[:-7], rest), []).append((float(le), value))
    for (name, rest), values in buckets.items():
        if values != sorted(values) or sorted(v for _, v in values) != [v for _, v in values] or \
           values[-1][0] != math.inf or values[-1][1] != series[(name + "_count", rest)]:
            fail("figures: histogram %s{%s}" % (name, rest))
    return series


def metrics(client):
    client.call("daemon/status", {})
    text = client.call("daemon/metrics", {})["result"]["result"]["text"]
    before = figures(text)
    client.call("daemon/status", {})
    after = figures(client.call("daemon/metrics", {})["result"]["result"]["text"])
    count = ("sqryd_request_duration_seconds_count", 'method="daemon/status"')
    if after[count] != before[count] + 1:
        fail("figures: one more status is %s after %s" % (after[count], before[count]))
    if not before[("sqryd_builds_total", 'mode="full",outcome="published"')]:
        fail("figures: no build")
    if shutil.which("promtool"):
        tool = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if tool.returncode or tool.stdout:
            fail("promtool: " + tool.stdout.decode())
    else:
        print("promtool is not installed: held against the test's own parser only")


def main():
    Draft202012Validator.check_schema({"$defs": DEFS})
    known = methods()
    daemon = Daemon("query_threads = 2\n")
    daemon.write("a.c", '#include "a.h"\nstruct thing { int x; };\nint one(int a)\n{\n\tif (a)\n\t\treturn 2;\n\treturn 1;\n}\n'
                        "int two(void)\n{\n\treturn one(1) + calls_nobody_knows();\n}\n")
    daemon.write("a.h", "int one(int a);\nstatic inline int ping(int n);\n")
    daemon.write("b.py", "def ping(n):\n    return pong(n)\n\ndef pong(n):\n    return ping(n - 1)\n\nclass K:\n    pass\n\nK()\n")
    client = daemon.client()
    client.call("daemon/load", {"index_root": daemon.tree})
    all_samples = samples(daemon.tree)
    for method in known:
        # these two end the daemon: held against the schema at the end
        if method.startswith("test/") or method in ("daemon/stop", "daemon/hand_over"):
            continue
        if method not in DEFS:
            fail("%s has no schema in doc/protocol/protocol.json" % method)
            continue
        drive(daemon, client, method, all_samples)
        client.call("daemon/load", {"index_root": daemon.tree})
    first_frames(daemon)
    batches(daemon)
    errors(daemon, client, known)
    metas(daemon, client)
    metrics(client)
    if "test/fault" in known:
        stale(daemon, client)
    daemon.stop()
    tight = Daemon("memory_limit_mb = 1\n")
    tight.write("a.c", "int one(void) { return 1; }\n")
    expect(tight.client().call("daemon/load", {"index_root": tight.tree}), -32003, "a load over the budget")
    heir = tight.client()
    expect(heir.call("daemon/hand_over", {"version": 2}), -32602, "another version of the records")
    expect(heir.call("daemon/hand_over", {"version": 1}), 0, "to be handed over to")
    if heir.some(32) is None or tight.process.wait(60):
        fail("it does not hand over, and end")
    print("%d messages and parts of them were held against the schema, %d complaints" % (n_checked, len(failures)))
    return 1 if failures else 0


sys.exit(main())
