"""Line magics inside Python code: ``%pip install x``, ``%run ./other``, ``!ls``, ``files = !ls``.

Each becomes a call of a function on the same line, so that the rest of the code is Python and its line numbers stay.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

__all__ = ["CALL", "as_python", "run_arguments"]

# The name under which the function that runs line magics stands in the notebook's namespace.
CALL = "__headwater_magic__"
_LINE = re.compile(r"^(?P<indent>\s*)(?:(?P<name>[\w.,\s]+?)\s*=\s*)?(?P<sign>%%?|!{1,2})(?P<rest>\S.*)$")
_PIP = re.compile(r"^(?P<indent>\s*)(?P<rest>pip3?\s+(?:install|uninstall|list|show|freeze)\b.*)$")
_HELP = re.compile(r"^\s*(\?{1,2}\s*[\w.]+|[\w.]+\s*\?{1,2})\s*$")
_TIMED = re.compile(r"^%{0,2}(?:time|timeit)\b(?:\s+-\w+(?:\s*\d+)?)*\s*")


def as_python(code: str) -> str:
    r"""Return code in which line magics are calls; code without any comes back as it is.

    ``%time`` and ``%timeit`` fall away: what they time is run once. A question mark's help falls away too.

    Examples
    --------
    >>> print(as_python("%pip install x\nx = 1"))
    __headwater_magic__('pip', 'install x')
    x = 1
    >>> as_python("a = 5 % 3") == "a = 5 % 3"
    True
    """
    if _parses(code):
        return code
    lines, done = code.split("\n"), list[str]()
    at = 0
    while at < len(lines):
        taken = 1
        line = lines[at]
        if _maybe_magic(line) and _at_statement(done):
            while line.endswith("\\") and at + taken < len(lines):
                line = line[:-1] + " " + lines[at + taken].strip()
                taken += 1
            line = _call(line)
        done += [line, *[""] * (taken - 1)]
        at += taken
    return "\n".join(done)


def run_arguments(rest: str) -> tuple[str, dict[str, str]]:
    """Return the path and the parameters of what stands after ``%run``.

    Examples
    --------
    >>> run_arguments('./setup $reset="true" $catalog=main')
    ('./setup', {'reset': 'true', 'catalog': 'main'})
    >>> run_arguments('"./a folder/setup"')
    ('./a folder/setup', {})
    """
    path, _, given = re.sub(r"\s\$(?=\w+\s*=)", "\0", f" {rest}").strip().partition("\0")
    pairs = re.findall(r"""(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\0]*)""", given)
    return _unquoted(path), {name: _unquoted(value) for name, value in pairs}


def _parses(code: str) -> bool:
    try:
        compile(code, "cell", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True


def _maybe_magic(line: str) -> bool:
    return bool(_LINE.match(line) or _PIP.match(line) or _HELP.match(line))


def _at_statement(lines: list[str]) -> bool:
    """Say whether after these lines a statement may begin: no string, bracket or backslash is open."""
    if lines and lines[-1].rstrip().endswith("\\"):
        return False
    try:
        for _ in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            pass
    except tokenize.TokenError as error:
        return "EOF in multi-line" not in str(error) and "unterminated" not in str(error)
    except SyntaxError:
        return True
    return True


def _call(line: str) -> str:
    if _HELP.match(line):
        return line[: len(line) - len(line.lstrip())] + "pass"
    if pip := _PIP.match(line):
        return pip["indent"] + _written("pip", pip["rest"].partition(" ")[2].strip())
    found = _LINE.match(line)
    if found is None:
        return line
    indent, rest = found["indent"], found["rest"].strip()
    target = f"{found['name'].strip()} = " if found["name"] else ""
    if found["sign"].startswith("!"):
        return f"{indent}{target}{_written('!=' if target else '!', rest)}"
    if timed := _TIMED.match(rest):
        return f"{indent}{target}{rest[timed.end() :] or 'pass'}"
    name, _, arguments = rest.partition(" ")
    return f"{indent}{target}{_written(name, arguments.strip())}"


def _written(name: str, rest: str) -> str:
    return f"{CALL}({name!r}, {rest!r})"


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace(f"\\{text[0]}", text[0])
    return text
