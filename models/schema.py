"""A pydantic model as a JSON schema for constrained decoding, or as one line of a prompt."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from .info import ModelInfo

Json = dict[str, Any]

_DROPPED = ("title", "default", "examples")


@lru_cache(maxsize=256)
def json_schema(schema: type[BaseModel]) -> Json:
    """The schema as JSON Schema; made once a type, and not to be changed."""
    return schema.model_json_schema()


@lru_cache(maxsize=256)
def response_format(schema: type[BaseModel]) -> Json:
    """The `response_format` of OpenAI's protocol, which llama.cpp, vLLM and Ollama take too.

    Strict mode wants every object closed and every field required; a schema with free keys cannot be strict.
    """
    whole = json_schema(schema)
    strict = not _has_free_keys(whole)
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.__name__[:64], "schema": _closed(whole, strict), "strict": strict},
    }


@lru_cache(maxsize=256)
def hint(schema: type[BaseModel], info: ModelInfo) -> str:
    """The line that tells a model which JSON is wanted.

    Empty for OpenAI, which reads the schema itself, and for a small model under a grammar: the grammar holds it
    to the form, and it would copy the example's words (SmolLM2-135M answered {"sentence": "text"}).
    """
    if info.provider == "openai" or (info.small and "json_schema" in info.capabilities):
        return ""
    whole = json_schema(schema)
    shape = json.dumps(_example(whole, whole.get("$defs", {}), 0), ensure_ascii=False)
    return f"Answer with JSON only, in this form: {shape}"


def _closed(node: Any, strict: bool) -> Any:
    if isinstance(node, list):
        return [_closed(item, strict) for item in node]
    if not isinstance(node, dict):
        return node
    closed: Json = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):  # names of fields and types, which may be called "title"
            closed[key] = {name: _closed(child, strict) for name, child in value.items()}
        elif key not in _DROPPED:
            closed[key] = _closed(value, strict)
    if strict and isinstance(closed.get("properties"), dict):
        closed |= {"additionalProperties": False, "required": list(closed["properties"])}
    return closed


def _has_free_keys(node: Any) -> bool:
    if isinstance(node, list):
        return any(_has_free_keys(item) for item in node)
    if not isinstance(node, dict):
        return False
    if node.get("additionalProperties"):
        return True
    if node.get("type") == "object" and "properties" not in node:
        return True
    return any(_has_free_keys(value) for value in node.values())


def _example(node: Json, defs: Json, depth: int) -> Any:
    """A value of the schema's shape, with descriptions where texts go."""
    if "$ref" in node:
        node = {**defs.get(str(node["$ref"]).rpartition("/")[2], {}), **node}
    if depth > 4:
        return "…"
    if options := node.get("enum"):
        return "|".join(map(str, options))
    if "const" in node:
        return node["const"]
    if options := node.get("anyOf") or node.get("oneOf"):
        return _example(options[0], defs, depth + 1)
    match node.get("type"):
        case "object":
            return {
                key: _example(child, defs, depth + 1) for key, child in node.get("properties", {}).items()
            }
        case "array":
            return [_example(node.get("items", {}), defs, depth + 1)]
        case "integer" | "number":
            return 0
        case "boolean":
            return True
        case _:
            return str(node.get("description") or "text")
