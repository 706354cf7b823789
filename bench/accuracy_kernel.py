# SPDX-License-Identifier: MIT
"""What clang says of a configured kernel's calls, for bench/accuracy.

The syntax tree of one kernel file is hundreds of megabytes as JSON, nearly all
of it headers. So the tree is asked through libclang: of every unit the functions
it defines, and the inside of those only that lie in the judged directories.

libclang knows two places of a token: the token itself, also when it is an
argument of a macro, or the macro's name when the token comes out of its text.
Which of both is told by the name that is written there.
"""

import ctypes
import functools
import os
import re
import shlex

KIND_FUNCTION, KIND_CALL = 8, 103
KIND_DECL_REF, KIND_MEMBER_REF, KIND_COMPOUND = 101, 102, 202
LINKAGE_EXTERNAL = 4
BREAK, CONTINUE, RECURSE = 0, 1, 2


class Cursor(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("xdata", ctypes.c_int),
                ("data", ctypes.c_void_p * 3)]


class Location(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_void_p * 2), ("raw", ctypes.c_uint)]


class Range(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_void_p * 2), ("begin", ctypes.c_uint),
                ("end", ctypes.c_uint)]


class String(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("flags", ctypes.c_uint)]


VISITOR = ctypes.CFUNCTYPE(ctypes.c_int, Cursor, Cursor, ctypes.c_void_p)
UINT_P = ctypes.POINTER(ctypes.c_uint)


class Library:
    """The few functions of libclang that are needed."""

    def __init__(self, clang):
        version = re.search(r"(\d+)$", clang)
        name = f"libclang-{version[1]}.so.1" if version else "libclang.so.1"
        lib = ctypes.CDLL(name)

        def get(name, result, *arguments):
            f = getattr(lib, "clang_" + name)
            f.restype, f.argtypes = result, arguments
            return f
        p = ctypes.c_void_p
        place = (Location, ctypes.POINTER(p), UINT_P, UINT_P, UINT_P)
        self.create_index = get("createIndex", p, ctypes.c_int, ctypes.c_int)
        self.parse = get("parseTranslationUnit", p, p, ctypes.c_char_p,
                         ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, p,
                         ctypes.c_uint, ctypes.c_uint)
        self.dispose = get("disposeTranslationUnit", None, p)
        self.n_diagnostics = get("getNumDiagnostics", ctypes.c_uint, p)
        self.diagnostic = get("getDiagnostic", p, p, ctypes.c_uint)
        self.severity = get("getDiagnosticSeverity", ctypes.c_int, p)
        self.message = get("getDiagnosticSpelling", String, p)
        self.root = get("getTranslationUnitCursor", Cursor, p)
        self.visit = get("visitChildren", ctypes.c_uint, Cursor, VISITOR, p)
        self.is_definition = get("isCursorDefinition", ctypes.c_uint, Cursor)
        self.spelling = get("getCursorSpelling", String, Cursor)
        self.linkage = get("getCursorLinkage", ctypes.c_int, Cursor)
        self.referenced = get("getCursorReferenced", Cursor, Cursor)
        self.location = get("getCursorLocation", Location, Cursor)
        self.extent = get("getCursorExtent", Range, Cursor)
        self.range_start = get("getRangeStart", Location, Range)
        self.range_end = get("getRangeEnd", Location, Range)
        self.expansion = get("getExpansionLocation", None, *place)
        self.file_place = get("getFileLocation", None, *place)
        self.file_name = get("getFileName", String, p)
        self.c_string = get("getCString", ctypes.c_char_p, String)
        self.free_string = get("disposeString", None, String)

    def text(self, string):
        out = self.c_string(string)
        self.free_string(string)
        return out.decode("utf-8", "replace") if out else ""


class Reader:
    """One translation unit into a Truth."""

    def __init__(self, lib, unit, tree, truth, judged, function, names):
        self.lib, self.unit, self.tree, self.truth = lib, unit, tree, truth
        self.judged, self.function_type = judged, function
        self.macro_names = names        # of the unit
        self.files = {}
        self.statics, self.raw = {}, []
        self.body = None
        self.lines = {}

    def path(self, handle):
        if handle not in self.files:
            name = self.lib.text(self.lib.file_name(handle)) if handle else ""
            path = os.path.normpath(os.path.join(self.unit.cwd, name))
            self.files[handle] = path[len(self.tree) + 1:] if \
                path.startswith(self.tree + os.sep) else None
        return self.files[handle]

    def place(self, location, how):
        handle = ctypes.c_void_p()
        line, column, offset = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
        how(location, ctypes.byref(handle), ctypes.byref(line),
            ctypes.byref(column), ctypes.byref(offset))
        path = self.path(handle.value)
        return path and (path, line.value, column.value)

    def text_at(self, place):
        path, line, column = place
        if path not in self.lines:
            with open(os.path.join(self.tree, path), "rb") as f:
                self.lines[path] = f.read().split(b"\n")
        return self.lines[path][line - 1][column - 1:]

    # -- cursors --

    def children(self, cursor, take):
        self.lib.visit(cursor, VISITOR(lambda c, _p, _d: take(c)), None)

    def first_child(self, cursor):
        found = []

        def take(c):
            found.append(Cursor.from_buffer_copy(c))
            return BREAK
        self.children(cursor, take)
        return found[0] if found else None

    def callee(self, call):
        at = self.first_child(call)
        while at and at.kind not in (KIND_DECL_REF, KIND_MEMBER_REF, KIND_CALL):
            inner = self.first_child(at)
            if inner is None:
                break
            at = inner
        return at

    def inside(self, c):
        extent = self.lib.extent(c)
        for end in (self.lib.range_start(extent), self.lib.range_end(extent)):
            for how in (self.lib.expansion, self.lib.file_place):
                place = self.place(end, how)
                if place:
                    self.truth.lines[place[0]].add(place[1])
        if c.kind == KIND_CALL:
            self.call(c)
        return RECURSE

    def call(self, c):
        callee = self.callee(c)
        if callee is None:
            return
        decl = self.lib.referenced(callee)
        place = self.place(self.lib.location(callee), self.lib.file_place)
        if not place:
            return
        if decl.kind != KIND_FUNCTION:
            self.truth.pointers.add(place)
            return
        name = self.lib.text(self.lib.spelling(decl))
        written = re.match(rb"\w+", self.text_at(place))
        own = written and written[0].decode() == name and \
            name not in self.macro_names
        self.raw.append((place, self.body.name, name, not own))

    def function(self, c):
        place = self.place(self.lib.location(c), self.lib.expansion)
        if not place:
            return
        name = self.lib.text(self.lib.spelling(c))
        self.statics[name] = place[:2]
        if self.lib.linkage(c) == LINKAGE_EXTERNAL:
            self.truth.external[name].add(place[:2])
        if not place[0].startswith(self.judged):
            return
        compound = []

        def take(child):
            if child.kind == KIND_COMPOUND:
                compound.append(Cursor.from_buffer_copy(child))
            return CONTINUE
        self.children(c, take)
        if not compound:
            return
        extent = self.lib.extent(compound[0])
        begin = self.place(self.lib.range_start(extent), self.lib.expansion)
        end = self.place(self.lib.range_end(extent), self.lib.expansion)
        if not begin or not end or begin[0] != end[0]:
            return
        # the extent ends behind the brace
        self.body = self.function_type(name, begin[0], place[1], begin[1:],
                                       (end[1], end[2] - 1))
        known = self.truth.functions.setdefault(begin[0], {})
        known[(self.body.begin, self.body.end)] = self.body
        self.truth.units_of[begin[0]].add(self.unit.path)
        self.children(compound[0], self.inside)

    def top(self, c):
        if c.kind == KIND_FUNCTION and self.lib.is_definition(c):
            self.function(c)
        return CONTINUE

    def read(self):
        """The message of an error, or None."""
        words = [w.encode() for w in
                 self.unit.args + ["-w", f"-working-directory={self.unit.cwd}"]]
        argv = (ctypes.c_char_p * len(words))(*words)
        index = self.lib.create_index(0, 0)
        unit = self.lib.parse(index, self.unit.source.encode(), argv,
                              len(words), None, 0, 0)
        if not unit:
            return "it can't be parsed"
        for i in range(self.lib.n_diagnostics(unit)):
            d = self.lib.diagnostic(unit, i)
            if self.lib.severity(d) >= 3:
                return self.lib.text(self.lib.message(d))
        self.children(self.lib.root(unit), self.top)
        self.lib.dispose(unit)
        for place, caller, name, macro in self.raw:
            into = self.truth.in_macro if macro else self.truth.calls
            into[place].add((name, *self.statics.get(name, (None, None))))
            self.truth.callers[place] = caller
        return None


@functools.lru_cache(maxsize=None)
def library(clang):
    return Library(clang)


# ---- the build --------------------------------------------------------------

TARGETS = ["kernel/sched/", "lib/"]
KEPT = re.compile(r"-[IDU]|-std=|-iquote|-isystem|-nostdinc|-f(?!macro-prefix|"
                  r"integrated-as|trivial-auto)|-m|--target=")


class KernelUnit:
    """One line of a .cmd file: where, and clang's arguments but for the mode."""

    def __init__(self, objects, source_tree, command):
        self.cwd, self.args, self.source = objects, [], None
        words = iter(shlex.split(command.split(" ; ")[0])[1:])
        for w in words:
            if w in ("-I", "-D", "-U", "-include", "-isystem", "-iquote"):
                self.args += [w, next(words, "")]
            elif KEPT.match(w):
                self.args.append(w)
            elif w.endswith(".c"):
                self.source = w
        path = os.path.normpath(os.path.join(objects, self.source or ""))
        self.path = path[len(source_tree) + 1:] if \
            path.startswith(source_tree + os.sep) else None

    def command(self, clang, *mode):
        return [clang, *self.args, "-w", *mode, self.source]


def units(objects, source_tree):
    """The compilations below TARGETS, from what the build left."""
    found = {}
    for target in TARGETS:
        for base, _dirs, files in os.walk(os.path.join(objects, target)):
            for name in sorted(files):
                if not name.endswith(".o.cmd"):
                    continue
                with open(os.path.join(base, name), encoding="utf-8") as f:
                    first = f.readline()
                if ".c " not in first and not first.rstrip().endswith(".c"):
                    continue
                unit = KernelUnit(objects, source_tree,
                                  first.split(" := ", 1)[1].strip())
                if unit.path:
                    found[unit.path] = unit
    return [found[p] for p in sorted(found)]
