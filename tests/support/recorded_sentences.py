"""The sentences that modules record, found by reading the source: no run could meet all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_KEPT = ("note", "scaling", "mask_text")
"""Words in the names of what is recorded."""
_PASSED_ON = (ast.Tuple, ast.List, ast.Starred, ast.BinOp, ast.BoolOp, ast.ListComp, ast.GeneratorExp, ast.YieldFrom)


@dataclass(frozen=True)
class _Module:
    tree: ast.Module
    functions: dict[str, ast.FunctionDef]
    constants: dict[str, ast.expr]


@dataclass
class _Reader:
    """Follows what is kept as a note, a scaling or a mask back to the texts that it can be."""

    modules: list[_Module]
    texts: set[str] = field(default_factory=set)
    met: set[int] = field(default_factory=set)

    def follow(self, value: ast.AST | None, module: _Module, scope: ast.AST) -> None:
        if value is None or id(value) in self.met:
            return
        self.met.add(id(value))
        match value:
            case ast.JoinedStr():
                parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in value.values)
                self.texts.add("".join(map(str, parts)))
            case ast.Constant(value=str(text)):
                self.texts.add(text)
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
                self._follow_name(name, module, scope)
            case ast.Call(func=ast.Name(id=name)):
                for other in self._where(name, module):
                    self.follow_function(other.functions.get(name), other)
        for child in _list_choices(value):
            self.follow(child, module, scope)

    def _follow_name(self, name: str, module: _Module, scope: ast.AST) -> None:
        for assigned in _find_assigned(name, scope):
            self.follow(assigned, module, scope)
        for other in self._where(name, module):
            self.follow(other.constants.get(name), other, other.tree)

    def follow_function(self, function: ast.FunctionDef | None, module: _Module) -> None:
        for node in ast.walk(function or ast.Pass()):
            if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
                self.follow(node.value, module, function or module.tree)

    def _where(self, name: str, module: _Module) -> list[_Module]:
        """Return the module itself where it has the name, else all that have it: it is imported from one of them."""
        having = [other for other in self.modules if name in other.functions or name in other.constants]
        return [module] if module in having else having


def _list_choices(value: ast.AST) -> list[ast.AST]:
    """List the parts of an expression that its value can be, or can hold."""
    match value:
        case ast.IfExp():
            return [value.body, value.orelse]
        case ast.Dict():
            return [*value.values]
        case ast.Call(func=ast.Name()):
            return [*value.args]
    return [*ast.iter_child_nodes(value)] if isinstance(value, _PASSED_ON) else []


def find_sentences(package: Path, folders: Iterable[str]) -> set[str]:
    """Find the texts that modules can keep as notes, scalings or masks, with braces for their values.

    Parameters
    ----------
    package : Path
    folders : iterable of str
        Of the package.
    """
    paths = [path for folder in folders for path in sorted((package / folder).rglob("*.py"))]
    reader = _Reader([_read_module(path) for path in paths])
    fields = {
        node.name: [str(getattr(part.target, "id", "")) for part in node.body if isinstance(part, ast.AnnAssign)]
        for module in reader.modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    for module in reader.modules:
        for scope in (*module.functions.values(), module.tree):
            for node in ast.walk(scope):
                for value in _find_kept(node, fields):
                    reader.follow(value, module, scope)
        for function in module.functions.values():
            if _is_kept(function.name):
                reader.follow_function(function, module)
    return reader.texts


def _read_module(path: Path) -> _Module:
    tree = ast.parse(path.read_bytes())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return _Module(tree, functions, constants)


def _is_kept(name: str) -> bool:
    return any(word in name.lower() for word in _KEPT)


def _find_kept(node: ast.AST, fields: dict[str, list[str]]) -> Iterator[ast.expr]:
    """Give what is appended to notes, assigned to them, or handed over as them, by name or by place."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="append" | "extend")) if _is_kept(ast.unparse(owner)):
            yield from node.args
        case ast.Call(func=ast.Name(id=name)):
            yield from (value for kept, value in zip(fields.get(name, ()), node.args, strict=False) if _is_kept(kept))
        case ast.Assign(targets=targets, value=value) if any(_is_kept(ast.unparse(target)) for target in targets):
            yield value
        case ast.AugAssign(target=target, value=value) if _is_kept(ast.unparse(target)):
            yield value
    if isinstance(node, ast.Call):
        yield from (word.value for word in node.keywords if word.arg and _is_kept(word.arg))


def _find_assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            held = {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            if name in held:
                yield node.value
