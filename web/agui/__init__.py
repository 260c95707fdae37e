"""Internal events as AG-UI 1.0: the shared state document, and the frames that go to a page. Pure; knows no graph."""

from .document import Document, keys_of
from .projector import Projector
from .wire import comment, encode, encode_group

__all__ = ["Document", "Projector", "comment", "encode", "encode_group", "keys_of"]
