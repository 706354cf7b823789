3"""Docstring: call(x) is text."""
import abc
from .base import Base, Mixin as M


class Shape(Base, M, ns.Other, metaclass=abc.ABCMeta):
    LIMIT: int = 3
    name = "shape"
    name = "again"

    def __init__(self, pen: Pen, *args, brush: "Brush" = None, **kw) -> None:
        super().__init__(pen)
        self.pen = Pen(pen)
        self.size: int = LIMIT
        self._cache = {}
        self.pen.down()
        brush.dip()

    @property
    def area(self):
        return self.size * self.LIMIT

    @staticmethod
    def unit():
        return Shape(None)

    @classmethod
    def load(cls, path):
        return cls.parse(open(path).read())

    @abc.abstractmethod
    async def draw(self, canvas: Optional[Canvas], layers: list[Layer]):
        async with canvas.begin() as c:
            await self.pen.stroke(c)
        self.size = 2
        self.extra = 1
        return [layer.id for layer in layers if layer.visible]

    def _private(self):
        class Inner:
            pass
        return Inner()
