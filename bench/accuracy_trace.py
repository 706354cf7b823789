# SPDX-License-Identifier: MIT
"""What the programs of bench/suites call, found by running them.

Each language's own compiler or interpreter runs a program while bench/trace notes
every call of a function of the program's files, as places. JavaScript and TypeScript
need the npm package typescript in --work; C++, Go and Rust need gdb.
"""

import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 300     # seconds for one program


class Untraced(Exception):
    """Why a program could not be run."""


def command(argv, cwd, env=None):
    try:
        done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, timeout=LIMIT,
                              env={**os.environ, **(env or {})})
    except OSError as e:
        raise Untraced(f"cannot run {argv[0]}: {e.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Untraced(f"{argv[0]} took more than {LIMIT} s") from None
    if done.returncode:
        raise Untraced(f"{argv[0]}: " + " / ".join(
            done.stderr.strip().splitlines()[:6]))
    return done.stdout


def parse(text, root):
    """{(callee file, line, is closure, caller file, line)}, paths below root."""
    calls = set()
    for line in text.splitlines():
        f = line.split("\t")
        if f[0] == "CALL":
            files = [os.path.relpath(os.path.join(root, x), root)
                     for x in (f[1], f[4])]
            calls.add((files[0], int(f[2]), f[3] == "1", files[1], int(f[5])))
    return calls


def under_gdb(program, root, names):
    files = ":".join(os.path.join(root, n) for n in names)
    return parse(command(
        ["gdb", "-q", "-batch", "-nx", "-x",
         os.path.join(HERE, "trace", "gdb_calls.py"), program],
        root, {"CALLS_FILES": files, "SHELL": "/bin/sh"}), root)


def cpp(names, root, _):
    sources = [n for n in names if n.endswith(".cpp")]
    command(["g++", "-std=c++20", "-g", "-O0", "-I.", "-o", "prog", *sources], root)
    return under_gdb("./prog", root, names)


def rust(names, root, _):
    command(["rustc", "--edition", "2021", "-g", "-A", "warnings", "-o", "prog",
             "main.rs"], root)
    return under_gdb("./prog", root, names)


def go(names, root, _):
    if "go.mod" not in names:
        with open(os.path.join(root, "go.mod"), "w", encoding="utf-8") as f:
            f.write("module prog\n\ngo 1.19\n")
    command(["go", "build", "-gcflags=prog/...=-N -l", "-ldflags=-compressdwarf=false",
             "-o", "prog.out", "."], root,
            {"GOFLAGS": "-mod=mod", "GOPROXY": "off"})
    return under_gdb("./prog.out", root, [n for n in names if n.endswith(".go")])


def java(names, root, work):
    classes = os.path.join(work, "calls")
    if not os.path.isdir(classes):
        command(["javac", "-d", classes, os.path.join(HERE, "trace", "Calls.java")],
                root)
    command(["javac", "-g", "-d", "out", *names], root)
    for name in names:
        with open(os.path.join(root, name), encoding="utf-8") as f:
            text = f.read()
        if "void main(" in text:
            package = re.search(r"^package ([\w.]+);", text, re.M)
            main = os.path.basename(name)[:-len(".java")]
            main = f"{package[1]}.{main}" if package else main
    return parse(command(["java", "-cp", classes, "Calls", main, "out"], root), root)


def javascript(names, root, work):
    ts = os.path.join(work, "npm", "node_modules", "typescript")
    if not os.path.isdir(ts):
        os.makedirs(os.path.join(work, "npm"), exist_ok=True)
        command(["npm", "install", "--silent", "--prefix",
                 os.path.join(work, "npm"), "typescript@5"], root)
    main = next(n for n in names if re.fullmatch(r"main\.\w+", n))
    return parse(command(["node", os.path.join(HERE, "trace", "calls.js"), ts, main],
                         root), root)


RUN = {"cpp": cpp, "rust": rust, "go": go, "java": java,
       "javascript": javascript, "typescript": javascript}


def calls(language, names, root, work):
    """Calls of one program, whose files lie in root. Raise: Untraced."""
    os.makedirs(work, exist_ok=True)
    try:
        return RUN[language](sorted(names), root, os.path.abspath(work))
    finally:
        shutil.rmtree(os.path.join(root, "out"), ignore_errors=True)
