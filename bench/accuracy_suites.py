# SPDX-License-Identifier: MIT
"""Small programs and their calls (bench/suites), for bench/accuracy.

What is compared are sets of calls, program by program: a caller and the functions
that the call may mean, by name. Python's are stated by hand; the others are what
running the program shows (accuracy_trace.py), and where a call goes through a
base, an interface or a trait, the method that is declared there, stated by hand,
before the methods that ran:

    measure -> Shape.area | Square.area | Circle.area

Ours: the bound calls of `sqry graph dump`, from the function around them or the
file. A bound class is its constructor; a call bound to a variable that holds a
function is wrong, one bound to a macro or in a macro's text is not judged. A name that a file has several times
gets "@line", one that several files have "file:".
"""

import collections
import os
import re

EXTENSIONS = {"cpp": ".cpp", "go": ".go", "java": ".java", "javascript": ".js",
              "python": ".py", "rust": ".rs", "typescript": ".ts"}
CALLABLE = ("function", "method")
TYPES = ("class", "struct", "enum", "interface", "trait", "type")
ACCESSOR = 0x1800       # definition flags: read or written like a field

Expected = collections.namedtuple("Expected", "caller callees")
Definition = collections.namedtuple("Definition",
                                    "file qualified kind flags start end")


class Program:
    def __init__(self, name):
        self.name, self.files, self.calls = name, {}, []

    @property
    def category(self):
        return self.name.split("/")[0]


def read(path):
    """The text before the first program, and the programs of a suite."""
    head, programs, lines, stating = [], [], None, False
    with open(path, encoding="utf-8") as f:
        for text in f:
            if text.startswith("=== "):
                programs.append(Program(text[4:].strip()))
                lines, stating = None, False
            elif not programs:
                head.append(text)
            elif text.startswith("--- "):
                lines = programs[-1].files.setdefault(text[4:].strip(), [])
            elif text == "calls:\n":
                stating = True
            elif stating and " -> " in text:
                caller, callees = text.strip().split(" -> ")
                programs[-1].calls.append(Expected(
                    caller, [c.strip() for c in callees.split("|")]))
            elif not stating and lines is not None:
                lines.append(text)
    return "".join(head), programs


def write(program, root):
    for name, lines in program.files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(lines)


def save(path, head, programs):
    with open(path, "w", encoding="utf-8") as f:
        f.write(head)
        for i, p in enumerate(programs):
            f.write(("\n" if i else "") + f"=== {p.name}\n")
            for name, lines in p.files.items():
                f.write(f"--- {name}\n" + "".join(lines).rstrip("\n") + "\n")
            f.write("calls:\n")
            for caller, callees in p.calls:
                bar = " |" if len(callees) == 1 and not callees[0] else ""
                f.write(f"{caller} -> {' | '.join(callees)}{bar}\n")


def leaf(qualified):
    return re.split(r"\.|::", qualified)[-1]


def place(text):
    row, col = text.split(":")
    return int(row), int(col)


class Graph:
    """A canonical dump: definitions, and names for them."""

    def __init__(self, dump, language):
        self.language = language
        self.definitions = collections.defaultdict(list)    # by file
        self.calls = []
        file = None
        for line in dump.splitlines():
            f = line.split(" ")
            if f[0] == "F":
                file = f[1]
            elif f[0] == "D":
                start, end = f[5].split("-")
                self.definitions[file].append(Definition(
                    file, f[3], f[2], int(f[4], 16), place(start), place(end)))
            elif f[0] == "R" and f[2] == "call":
                self.calls.append((file, f))
        self.times = collections.Counter(
            (d.file, d.qualified) for d in self.callables())
        self.homes = collections.Counter(q for _, q in self.times)

    def callables(self):
        return (d for ds in self.definitions.values() for d in ds
                if d.kind in CALLABLE)

    def label(self, d):
        text = d.qualified
        if self.times[d.file, d.qualified] > 1:
            text += f"@{d.start[0]}"
        return f"{d.file}:{text}" if self.homes[d.qualified] > 1 else text

    def top(self, file):
        """The caller of what stands outside of functions."""
        if self.language != "python":
            return file
        return re.sub(r"(/__init__)?\.py$", "", file).replace("/", ".")

    def around(self, file, at, within=None):
        """The innermost function at a place; @within: its own or an outer name."""
        found = None
        for d in self.definitions[file]:
            if d.kind in CALLABLE and d.start <= at < d.end and \
                    (within is None or within == d.qualified or
                     within.startswith((d.qualified + ".", d.qualified + "::"))):
                if found is None or d.start >= found.start:
                    found = d
        return found

    def in_macro(self, file, at):
        return any(d.kind == "macro" and d.start <= at < d.end
                   for d in self.definitions[file])

    def at_line(self, file, line, starts=False):
        """The innermost function that a line lies in, or starts on."""
        found = None
        for d in self.definitions[file]:
            if d.kind in CALLABLE and d.start[0] <= line <= d.end[0] and \
                    (not starts or d.start[0] == line):
                if found is None or d.start >= found.start:
                    found = d
        return found

    def constructors(self, owner):
        name = {"python": "__init__", "javascript": "constructor",
                "typescript": "constructor"}.get(self.language,
                                                 leaf(owner.qualified))
        return [d for d in self.definitions[owner.file] if d.kind in CALLABLE and
                d.qualified in (f"{owner.qualified}.{name}",
                                f"{owner.qualified}::{name}")]

    def target(self, text):
        path, rest = text.split("#", 1)
        qualified, ordinal = rest.rsplit("@", 1)
        name = leaf(qualified)
        same = [d for d in self.definitions[path] if leaf(d.qualified) == name]
        return same[int(ordinal)]

    def bound(self):
        """{(caller, callees): rule}, and {(caller, name): what became of it}."""
        bound, left = {}, {}
        for file, f in self.calls:
            if self.in_macro(file, place(f[1])):
                continue
            caller = self.around(file, place(f[1]), f[8])
            caller = self.label(caller) if caller else self.top(file)
            if f[10] != "bound":
                left[caller, f[3]] = f[10]
                continue
            d = self.target(f[13].split(";")[0])
            if d.kind == "macro":
                continue
            meant = self.constructors(d) if d.kind in TYPES else [d]
            if meant:
                callees = tuple(self.label(m) for m in meant)
                bound[caller, callees] = f[11]
                left.setdefault((caller, f[3]), "bound to another")
        return bound, left


def expected(graph, calls, stated):
    """Calls by name of calls by place. @stated: with the declared methods first."""
    declared = {}
    for caller, callees in stated:
        if len(callees) > 1:
            declared[caller, leaf(callees[0].split("@")[0])] = callees[0]
            declared.update(((caller, c), callees[0]) for c in callees if c)
    out = collections.defaultdict(set)
    for file, line, closure, from_file, from_line in calls:
        callee = graph.at_line(file, line, closure)
        if callee is None or callee.flags & ACCESSOR or \
                "~" in callee.qualified or callee.qualified.endswith("::drop"):
            continue
        caller = graph.at_line(from_file, from_line)
        if caller is callee and closure:
            continue
        name = graph.label(caller) if caller else graph.top(from_file)
        label = graph.label(callee)
        first = declared.get((name, label)) or \
            declared.get((name, leaf(callee.qualified)))
        out[(name, first) if first else (name, label)].add(label)
    return [Expected(name, [first] + sorted(ran - {first}))
            for (name, first), ran in sorted(out.items())]


def group_of(expected_calls, caller, callees):
    for e in expected_calls:
        if e.caller == caller and not set(callees).isdisjoint(e.callees):
            return e
    return None


def compare(programs, dump_of, language):
    """dump_of(program): its canonical dump. Return: numbers."""
    categories = collections.defaultdict(collections.Counter)
    rules = collections.defaultdict(collections.Counter)
    wrong, missing = [], []
    for program in programs:
        bound, left = Graph(dump_of(program), language).bound()
        count, found = categories[program.category], []
        count["expected"] += len(program.calls)
        for (caller, callees), rule in sorted(bound.items()):
            e = group_of(program.calls, caller, callees)
            found += [e] if e else []
            count["bound"] += 1
            count["right"] += e is not None
            rules[rule]["bound"] += 1
            rules[rule]["right"] += e is not None
            if not e:
                wrong.append((program.name, caller, " | ".join(callees), rule))
        count["found"] += sum(e in found for e in program.calls)
        for e in program.calls:
            if e not in found:
                name = leaf(e.callees[0].split("@")[0].split(":")[-1])
                missing.append((program.name, e.caller, " | ".join(e.callees),
                                left.get((e.caller, name), "no such call")))
    return {"language": language, "programs": len(programs),
            "categories": {k: dict(v) for k, v in sorted(categories.items())},
            "rules": {k: dict(v) for k, v in sorted(rules.items())},
            "wrong": wrong, "missing": missing}
