"""Signatures of a published package, read from its source text: nothing of it is imported, run or kept."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Unread:
    """A default that is more than a plain value."""

    text: str


class Package:
    """The classes of a package that lies unpacked in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tree = cache(self._parsed)

    def exported(self, module: str) -> list[str]:
        """Names in the module's ``__all__``."""
        for node in self._tree(module).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return sorted(ast.literal_eval(node.value))
        message = f"{module} has no __all__"
        raise AssertionError(message)

    def methods(self, module: str, name: str) -> dict[str, Signature]:
        """Signatures of a class's public methods, without ``self``."""
        where, node = self._found(module, name)
        assert isinstance(node, ast.ClassDef)
        found = [item for item in node.body if isinstance(item, _Function) and not item.name.startswith("_")]
        return {item.name: self._signature(where, item.args, bound=True) for item in found}

    def constructor(self, module: str, name: str) -> Signature | None:
        """Signature of a class's constructor; None if the name is none of the package's classes, or an enumeration."""
        found = self._found(module, name)
        if found is None or not isinstance(found[1], ast.ClassDef):
            return None
        where, node = found
        if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
            return self._fields(where, node)
        for item in node.body:
            if isinstance(item, _Function) and item.name == "__init__":
                return self._signature(where, item.args, bound=True)
        for base in node.bases:
            inherited = self.constructor(where, ast.unparse(base))
            if inherited is not None:
                return inherited
        return None

    def _parsed(self, module: str) -> ast.Module:
        path = self._folder / module.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])

    def _found(self, module: str, name: str) -> tuple[str, ast.AST] | None:
        """The class or the constant's value, and the module in which it stands: re-exports are followed."""
        for node in self._tree(module).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return module, node
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if name in [ast.unparse(target) for target in targets]:
                    same = isinstance(node.value, ast.Name)
                    return self._found(module, node.value.id) if same else (module, node.value)
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return self._found(node.module, alias.name)
        return None

    def _signature(self, module: str, args: ast.arguments, *, bound: bool) -> Signature:
        plain = [*[(a, Parameter.POSITIONAL_ONLY) for a in args.posonlyargs]]
        plain += [(a, Parameter.POSITIONAL_OR_KEYWORD) for a in args.args]
        defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
        found = [self._parameter(module, a.arg, kind, d) for (a, kind), d in zip(plain, defaults, strict=True)]
        if args.vararg:
            found.append(Parameter(args.vararg.arg, Parameter.VAR_POSITIONAL))
        for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            found.append(self._parameter(module, argument.arg, Parameter.KEYWORD_ONLY, default))
        if args.kwarg:
            found.append(Parameter(args.kwarg.arg, Parameter.VAR_KEYWORD))
        return Signature(found[1:] if bound else found)

    def _fields(self, module: str, node: ast.ClassDef) -> Signature:
        fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Signature([self._parameter(module, ast.unparse(f.target), kind, f.value) for f in fields])

    def _parameter(self, module: str, name: str, kind: Any, default: ast.expr | None) -> Parameter:
        value = Parameter.empty if default is None else self._value(module, default)
        return Parameter(name, kind, default=value)

    def _value(self, module: str, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except ValueError:
            constant = self._found(module, node.id) if isinstance(node, ast.Name) else None
        if constant is None or isinstance(constant[1], ast.ClassDef):
            return Unread(ast.unparse(node))
        return self._value(constant[0], constant[1])  # type: ignore[arg-type]


def differences(theirs: Signature, ours: Signature) -> set[str]:
    """What calls that `theirs` takes `ours` would not take in the same way, by parameter; `ours` may take more."""
    found = set()
    kinds = [p.kind for p in ours.parameters.values()]
    named = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
    positions = [p.name for p in ours.parameters.values() if p.kind == Parameter.POSITIONAL_OR_KEYWORD]
    for at, wanted in enumerate(theirs.parameters.values()):
        if wanted.name.startswith("_"):
            continue
        have = ours.parameters.get(wanted.name)
        if wanted.kind in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL):
            if wanted.kind not in kinds:
                found.add("**" + wanted.name)
        elif have is None or have.kind not in named:
            found.add(wanted.name)
        elif wanted.kind == Parameter.POSITIONAL_OR_KEYWORD and positions[at : at + 1] != [wanted.name]:
            found.add(f"{wanted.name} by position")
        elif wanted.default is not Parameter.empty and not _same(wanted.default, have.default):
            found.add(f"{wanted.name} by default")
    for extra in ours.parameters.values():
        optional = extra.default is not Parameter.empty or extra.kind in (
            Parameter.VAR_KEYWORD,
            Parameter.VAR_POSITIONAL,
        )
        if extra.name not in theirs.parameters and not optional:
            found.add(f"{extra.name} is asked for")
    return found


def signature_of(callable_: Any) -> Signature:
    """Our side: a method's signature without ``self``, or a class's constructor."""
    found = inspect.signature(callable_)
    parameters = list(found.parameters.values())
    return Signature(parameters[1:] if parameters and parameters[0].name == "self" else parameters)


def _same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, Unread):
        return ours is not Parameter.empty
    return bool(theirs == ours and type(theirs) is type(ours))
