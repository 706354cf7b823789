# SPDX-License-Identifier: MIT
"""Runs in gdb: prints each call of a function of the program's own files.

The program is gdb's argument; its files are the environment's CALLS_FILES. A line is
callee file, its line, is it a closure, caller file, its line; frames of libraries
between the two (std::sort, Iterator::map) are left out.
"""

import os
import re

import gdb

FILES = os.environ["CALLS_FILES"].split(":")
LIMIT = 5000        # stops; a program that calls more than that is no small one
CLOSURE = re.compile(r"\.func\d|closure|lambda|operator\(\)")


def own(frame):
    """(file, line) of a frame in the program's files."""
    function = frame.function()
    if function is None or function.symtab is None:
        return None
    path = function.symtab.fullname()
    for file in FILES:
        if path == file:
            # Go says no line of declaration
            line = function.line if function.line else frame.find_sal().line
            return file, line
    return None


def is_closure(frame):
    name = frame.function().name or ""
    if name.endswith("operator()") or "::operator()(" in name:
        return "lambda" in name
    return bool(CLOSURE.search(name))


def set_breakpoint(where):
    try:
        gdb.execute("break " + where, to_string=True)
    except gdb.error:
        pass        # there is no code


def main():
    for setting in ("pagination off", "confirm off", "breakpoint pending off",
                    "debuginfod enabled off", "print inferior-events off"):
        gdb.execute("set " + setting, to_string=True)
    # every line: rbreak misses templates and knows no function of Rust's
    for file in FILES:
        with open(file, encoding="utf-8") as f:
            for i, text in enumerate(f, 1):
                if text.strip(" \t\n{}"):
                    set_breakpoint(f"{file}:{i}")
    gdb.execute("run >/dev/null", to_string=True)
    seen = set()
    for _ in range(LIMIT):
        try:
            frame = gdb.selected_frame()
        except gdb.error:
            break
        callee, up = own(frame), frame.older()
        while up is not None and own(up) is None:
            up = up.older()
        if callee and up is not None:
            edge = (*callee, int(is_closure(frame)), *own(up))
            if edge not in seen:
                seen.add(edge)
                print("CALL", *edge, sep="\t")
        gdb.execute("continue", to_string=True)


main()
