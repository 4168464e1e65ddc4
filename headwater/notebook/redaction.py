"""Blacks secrets out of text, in each form in which text shows them.

A secret is looked for letter by letter. Each letter may stand as it is, or escaped as HTML, JSON, a Python literal or a URL do
it, also several times over: a JSON text in an HTML table is both. Beside that it is looked for in base64, alone or within a
longer text. A beginning of a secret that an ellipsis follows is a secret that was cut short to be shown.

Between the letters of a secret of six or more may stand what is no word: it is found letter by letter (a list, a column, a line
for each) and in slices one after the other. This is what cannot be known: a slice by itself, letters that are counted where the
secret has digits too, and what a program computes of a secret (its length, hash, capitals, character codes, another order).

A secret of one or two characters is blacked out where it stands alone, as a word or as a value; it is in every text else.
"""

from __future__ import annotations

import base64
import functools
import html.entities
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["REDACTED", "KnownSecrets"]

REDACTED = "[REDACTED]"
_PLAIN = re.compile(r"[\w.~-]", re.ASCII)  # no format escapes these
_CUT = re.compile(r"…|\.\.\.|&(?:amp;)*(?:hellip;|#8230;|#x2026;)|\\+u2026")
_EDGE = r"\s'\"`<>()\[\]{},;:=|"
_LONGEST_WORD = 2  # a secret so short is only looked for as a word
_SHORTEST_CUT = 3  # letters of a beginning that count before an ellipsis
_SHORTEST_BASE64 = 6  # bytes; fewer are in every picture by chance
_SHORTEST_SPREAD = 6  # letters of a secret that is also looked for letter by letter
_LINE = 8  # letters from which a line of a longer secret counts by itself
# What may stand between two letters: nothing, or marks and spaces, also as HTML writes them, tags, and a number that counts them.
_MARK = r"(?:</?[A-Za-z][^<>]{0,60}>|&(?:amp;)*(?:#?\w{2,8});|\\+[nrt'\"]|[^\w<&\\]|_)"
_BETWEEN = rf"(?:{_MARK}{{0,40}}?|{_MARK}{{1,40}}?\d{{1,6}}{_MARK}{{1,40}}?)"
# These begin marks too: the letter itself is one that begins none.
_AMONG_MARKS = {"&": r"(?:&(?:amp;)+|%26|&(?!#?\w{2,8};))", "<": r"(?:&(?:amp;)*lt;|%3[Cc]|<(?!/?[A-Za-z]))"}
_C_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_Letters = Sequence[re.Pattern[str]]


class KnownSecrets:
    r"""The secrets of a run.

    Examples
    --------
    >>> known = KnownSecrets(['pa"ss&word'])
    >>> known.redacted('plain pa"ss&word, HTML pa&quot;ss&amp;word, JSON {"p": "pa\\"ss&word"}, cut short pa"ss…')
    'plain [REDACTED], HTML [REDACTED], JSON {"p": "[REDACTED]"}, cut short [REDACTED]…'
    >>> known.redacted_pieces(['in pieces: pa"s', "s&wo", "rd."])
    ['in pieces: [REDACTED]', '', '.']
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._finders: dict[str, list[Callable[[str], Iterator[tuple[int, int]]]]] = {}
        for secret in secrets:
            self.add(secret)

    def __bool__(self) -> bool:
        return bool(self._finders)

    def add(self, secret: str) -> None:
        """Black a text out from now on; each longer line of a text of several lines too."""
        if not secret.strip() or secret in self._finders:
            return
        self._finders[secret] = [functools.partial(_found, letters, tail) for letters, tail in _forms(secret)]
        for line in secret.splitlines():
            if line != secret and len(line.strip()) >= _LINE:
                self.add(line.strip())

    def redacted(self, text: str) -> str:
        """Return the text without secrets."""
        return self.redacted_pieces([text])[0]

    def redacted_pieces(self, pieces: Sequence[str]) -> list[str]:
        """Return the pieces of one text, such as the writes of a stream, without secrets; also of those across pieces."""
        if not self._finders:
            return list(pieces)
        spans = self._spans("".join(pieces))
        shown, start = [], 0
        for piece in pieces:
            shown.append(_without(piece, start, spans))
            start += len(piece)
        return shown

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return the places of secrets in their order, those that overlap joined."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(span for finders in self._finders.values() for find in finders for span in find(text)):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def _without(piece: str, offset: int, spans: Iterable[tuple[int, int]]) -> str:
    """Return a piece that begins at an offset of the text; the mark stands where a secret begins."""
    shown, at, stop = [], offset, offset + len(piece)
    for start, end in spans:
        if end <= at or start >= stop:
            continue
        shown.append(piece[at - offset : max(start, at) - offset])
        if start >= offset:
            shown.append(REDACTED)
        at = min(end, stop)
    return "".join([*shown, piece[at - offset :]])


def _found(letters: _Letters, tail: re.Pattern[str] | None, text: str) -> Iterator[tuple[int, int]]:
    """Yield where the letters stand in a text one after the other, or the first of them before an ellipsis."""
    at = 0
    while first := letters[0].search(text, at):
        at, end, count = first.end(), first.end(), 1
        while count < len(letters) and (match := letters[count].match(text, end)):
            end, count = match.end(), count + 1
        if count == len(letters):
            at = tail.match(text, end).end() if tail else end  # type: ignore[union-attr]
            yield first.start(), at
        elif count >= _SHORTEST_CUT and (cut := _CUT.match(text, end)):
            after = _rest(letters, text, cut.end())
            yield first.start(), end
            if after > cut.end():
                yield cut.end(), after


def _rest(letters: _Letters, text: str, at: int) -> int:
    """Return where an end of the letters that stands at a place ends: what a text cut in its middle shows behind the dots."""
    for start in range(1, len(letters)):
        end = at
        for letter in letters[start:]:
            match = letter.match(text, end)
            if match is None:
                break
            end = match.end()
        else:
            return end
    return at


def _forms(secret: str) -> Iterator[tuple[_Letters, re.Pattern[str] | None]]:
    """Yield the letters of each form of a secret, and what of it may follow them."""
    if len(secret) <= _LONGEST_WORD:
        yield [re.compile(f"(?<![^{_EDGE}]){''.join(map(_letter, secret))}(?![^{_EDGE}])")], None
        return
    # Several backslashes are one letter: each format doubles them.
    letters = re.findall(r"\\+|[^\\]", secret)
    yield [re.compile(_letter(letter)) for letter in letters], None
    if len(letters) >= _SHORTEST_SPREAD:
        later = (re.compile(_BETWEEN + _AMONG_MARKS.get(letter, _letter(letter))) for letter in letters[1:])
        yield [re.compile(_letter(letters[0])), *later], None
    plain = secret.encode()
    if len(plain) < _SHORTEST_BASE64:
        return
    yield _base64_letters(base64.b64encode(plain).decode().rstrip("=")), re.compile("(?:=|%3D){0,2}", re.IGNORECASE)
    for before in range(3):
        # Within a longer text, of which so many bytes of a group of three stand before: the digits that the secret alone decides.
        digits = base64.b64encode(bytes(before) + plain).decode().rstrip("=")
        whole = (before + len(plain)) * 8 // 6
        yield _base64_letters(digits[-(-before * 8 // 6) : whole]), None


def _base64_letters(digits: str) -> _Letters:
    other = {"+": r"(?:\+|-|%2[Bb])", "/": r"(?:/|_|%2[Ff])"}
    patterns = [other.get(digit, digit) for digit in digits]
    return [re.compile(patterns[0]), *(re.compile(rf"(?:\n|\\+n)?{pattern}") for pattern in patterns[1:])]


@functools.cache
def _letter(letter: str) -> str:
    r"""Return a pattern of how formats write a letter.

    Examples
    --------
    >>> [bool(re.fullmatch(_letter("&"), text)) for text in ("&", "&amp;", "&amp;amp;", "%26", r"\u0026", "and")]
    [True, True, True, True, True, False]
    """
    if letter[0] == "\\":
        return r"(?:\\+|(?:%(?:25)*5[Cc])+|(?:&(?:amp;)*#(?:0*92|[xX]0*5[cC]);)+)"
    if _PLAIN.fullmatch(letter):
        return re.escape(letter)
    code, encoded = ord(letter), letter.encode(errors="surrogatepass")
    units = letter.encode("utf-16-be", errors="surrogatepass").hex()
    forms = [
        "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        rf"\\+U{code:08x}",
        "".join(f"%(?:25)*{byte:02x}" for byte in encoded),
        "".join(rf"\\+x{byte:02x}" for byte in encoded),
        rf"&(?:amp;)*#(?:0*{code}|x0*{code:x});",
    ]
    if code < 256:
        forms.append(rf"\\+x{code:02x}")
    if name := html.entities.codepoint2name.get(code):
        forms.insert(0, f"&(?:amp;)*{name};")
    if letter in _C_ESCAPES:
        forms.append(rf"\\+{_C_ESCAPES[letter]}")
    if letter.isspace():
        forms.append(r"\+| |&(?:amp;)*nbsp;")
    return rf"\\*(?:(?i:{'|'.join(forms)})|{re.escape(letter)})"
