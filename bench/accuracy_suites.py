# SPDX-License-Identifier: MIT
"""Small programs whose calls are stated by hand (bench/suites), for bench/accuracy.

An edge is a pair (caller, callee) of qualified names; what is compared are sets of
edges, program by program. Ours: the bound calls of `sqry graph dump`, from the
function around them or the module. A bound class is its constructor.
"""

import collections
import os
import re

EXTENSIONS = {"python": ".py"}
CONSTRUCTOR = {"python": "__init__"}


class Program:
    def __init__(self, name):
        self.name, self.files, self.edges = name, {}, set()

    @property
    def category(self):
        return self.name.split("/")[0]


def read(path):
    """The programs of a suite."""
    programs, lines, stating = [], None, False
    with open(path, encoding="utf-8") as f:
        for text in f:
            if text.startswith("=== "):
                programs.append(Program(text[4:].strip()))
                lines, stating = None, False
            elif not programs:
                continue
            elif text.startswith("--- "):
                lines = programs[-1].files.setdefault(text[4:].strip(), [])
            elif text == "calls:\n":
                stating = True
            elif stating and " -> " in text:
                programs[-1].edges.add(tuple(text.strip().split(" -> ")))
            elif not stating and lines is not None:
                lines.append(text)
    return programs


def write(program, root):
    for name, lines in program.files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(lines)


def edges(dump, language):
    """{(caller, callee): rule} of a canonical dump."""
    kinds, constructors, files, calls = {}, {}, {}, []
    name = CONSTRUCTOR[language]
    file = None
    for line in dump.splitlines():
        f = line.split(" ")
        if f[0] == "F":
            file = f[1]
            module = re.sub(r"(/__init__)?\.py$", "", file)
            files[file] = module.replace("/", ".")
        elif f[0] == "D":
            kinds[file, f[3]] = f[2]
            if f[3].endswith("." + name):
                constructors[file, f[3].rsplit(".", 1)[0]] = f[3]
        elif f[0] == "R" and f[2] == "call" and f[10] == "bound":
            calls.append((file, f[8], f[11], f[13]))
    found = {}
    for file, caller, rule, target in calls:
        path, rest = target.split("#", 1)
        callee = rest.rsplit("@", 1)[0]
        while caller != "-" and kinds.get((file, caller)) not in ("function",
                                                                  "method"):
            caller = caller.rsplit(".", 1)[0] if "." in caller else "-"
            if (file, caller) not in kinds:
                caller = "-"
        if kinds.get((path, callee)) == "class":
            callee = constructors.get((path, callee))
        if callee:
            found[files[file] if caller == "-" else caller, callee] = rule
    return found


def compare(programs, dump_of, language):
    """dump_of(program): its canonical dump. Return: numbers."""
    categories = collections.defaultdict(collections.Counter)
    rules = collections.defaultdict(collections.Counter)
    wrong, missing = [], []
    for program in programs:
        ours = edges(dump_of(program), language)
        count = categories[program.category]
        count["expected"] += len(program.edges)
        for edge, rule in sorted(ours.items()):
            right = edge in program.edges
            count["bound"] += 1
            count["right"] += right
            rules[rule]["bound"] += 1
            rules[rule]["right"] += right
            if not right:
                wrong.append((program.name, *edge, rule))
        missing += [(program.name, *e)
                    for e in sorted(program.edges - ours.keys())]
    return {"language": language, "programs": len(programs),
            "categories": {k: dict(v) for k, v in sorted(categories.items())},
            "rules": {k: dict(v) for k, v in sorted(rules.items())},
            "wrong": wrong, "missing": missing}
