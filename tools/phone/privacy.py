"""What must not leave the device port: password fields in pictures, values of secrets in texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .policy import hide_secrets
from .port import Observation
from .tree import Bounds, Node, Tree


def secret_boxes(observation: Observation, secrets: Sequence[tuple[str, str]]) -> list[Bounds]:
    """What a picture must not show: password fields, and nodes that show the value of a secret."""
    return [n.bounds for n in observation.tree.walk() if n.password or _shows(n, secrets)]


def without_secrets(observation: Observation, secrets: Sequence[tuple[str, str]]) -> Observation:
    """A look in whose texts the values of secrets are their names again; the same object when it shows none."""
    if not any(_shows(node, secrets) for node in observation.tree.walk()):
        return observation
    roots = tuple(_clean(root, secrets) for root in observation.tree.roots)
    tree = Tree(
        roots, observation.tree.rotation, width=observation.tree.width, height=observation.tree.height
    )
    return replace(observation, tree=tree)


def _shows(node: Node, secrets: Sequence[tuple[str, str]]) -> bool:
    return any(len(v) >= 4 and (v in node.text or v in node.description) for _, v in secrets)


def _clean(node: Node, secrets: Sequence[tuple[str, str]]) -> Node:
    return replace(
        node,
        text=hide_secrets(node.text, secrets),
        description=hide_secrets(node.description, secrets),
        children=tuple(_clean(child, secrets) for child in node.children),
    )
