3from __future__ import annotations
import os.path
import a.b as ab, c
from . import sibling
from ..pkg.mod import (one, two as deux)
from star import *

LIMIT = 10
counter = 0
first, second = 1, 2
app = web.App(__name__)
app.start()
counter = 5
counter += 1
_hidden: Thing = make()


def outer(x, y=LIMIT, *, z: Z = None) -> "Result":
    global counter
    counter = 1
    obj = Thing(x)
    obj.run().chain(key=y)
    other = make_thing()
    other.run()

    def inner(q):
        nonlocal x
        x = q
        return obj.size + free

    for k, v in inner(1):
        print(k, unknown)
    with Lock() as lock, open(y) as f:
        lock.acquire()
        f.read()
    try:
        risky()
    except (KeyError, errors.Bad) as e:
        raise Wrapped(e) from e
    except Failure as failure:
        failure.report()
    square = lambda t: t * factor
    pairs = {a: b for a, b in z.items()}
    obj.size += 1
    table[LIMIT] = square(2)
    if (n := count()) > 1:
        os.path.join(f"{n} {free}", LIMIT)
    del table
    import late
    late.call()
    return pairs


def _test():
    return outer
