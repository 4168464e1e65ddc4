"""Secrets in the forms in which text shows them; each form is made by the library that makes it in notebooks."""

import base64
import html
import json
import re
import reprlib
import urllib.parse

import pandas as pd
import pytest

from headwater.notebook.redaction import REDACTED, KnownSecrets

SECRETS = [
    "hunter22",
    "pa\"ss&wo'rd<1>",
    "a\\b\\\\c\nd e",
    "é ü/ß+=%x",
    "😀 token",
    "sk-123.abc~_x",
    "-----BEGIN KEY-----\nabcdefghij\nxyz\n-----END KEY-----",
]


def _json(text):
    return json.dumps(text)[1:-1]


def _quoted(text):
    return urllib.parse.quote(text, safe="")


FORMS = {
    "plain": str,
    "HTML": html.escape,
    "HTML, quotes as they are": lambda text: html.escape(text, quote=False),
    "JSON": _json,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "URL": urllib.parse.quote,
    "URL, slashes too": _quoted,
    "form of a URL": urllib.parse.quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "JSON in HTML": lambda text: html.escape(_json(text)),
    "JSON in JSON": lambda text: _json(_json(text)),
    "JSON in repr": lambda text: repr(_json(text))[1:-1],
    "HTML in HTML": lambda text: html.escape(html.escape(text)),
    "URL in URL": lambda text: _quoted(_quoted(text)),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode().strip(),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_blacked_out_in_each_form_and_the_text_around_it_stays(form, secret):
    shown = f"before <{FORMS[form](secret)}> after"
    assert KnownSecrets([secret]).redacted(shown) == f"before <{REDACTED}> after"


@pytest.mark.parametrize("user", ["user", "user1", "user12"])
def test_base64_of_a_longer_text_shows_of_a_secret_at_most_what_one_digit_on_each_side_holds(user):
    secret = "correct horse battery"
    text = base64.b64encode(f"{user}:{secret}@host".encode()).decode()
    before, mark, after = KnownSecrets([secret]).redacted(f"Basic {text}").partition(REDACTED)
    assert mark
    known = base64.b64decode(before.removeprefix("Basic ") + "A" * (-len(before.removeprefix("Basic ")) % 4))
    assert known.rstrip(b"\0")[:-1].decode() in f"{user}:"
    assert len(after) <= len(base64.b64encode(b"@host")) + 2


def test_what_display_cuts_short_is_blacked_out_up_to_the_ellipsis():
    secret = "correct-horse-battery-staple-and-more-than-fifty-letters"
    known = KnownSecrets([secret])
    frame = pd.DataFrame({"token": [f"my {secret}"]})
    cut = {
        "pandas": repr(frame),
        "pandas, HTML": frame._repr_html_(),
        "reprlib": reprlib.repr(secret),
        "Spark's show": secret[:17] + "...",
    }
    for name, text in cut.items():
        shown = known.redacted(text)
        assert not any(secret[at : at + 4] in shown for at in range(len(secret) - 3)), (name, shown)
    assert known.redacted("correct… and correct-horse") == f"{REDACTED}… and correct-horse"


def test_a_secret_in_several_pieces_of_one_text_is_one():
    known = KnownSecrets(["hunter22"])
    assert known.redacted_pieces(list("a hunter22!")) == ["a", " ", REDACTED, *[""] * 7, "!"]
    assert known.redacted_pieces(["hunter22 hun", "ter22"]) == [f"{REDACTED} {REDACTED}", ""]


def test_a_secret_of_one_or_two_letters_is_blacked_out_only_where_it_stands_alone():
    known = KnownSecrets(["a", "7!"])
    text = 'a banana <td>a</td> \'a\' {"k": "a"} 7! 77!'
    assert known.redacted(text) == (
        f'{REDACTED} banana <td>{REDACTED}</td> \'{REDACTED}\' {{"k": "{REDACTED}"}} {REDACTED} 77!'
    )


def test_each_longer_line_of_a_secret_counts_and_an_empty_one_does_not():
    known = KnownSecrets(["first-part-of-it\nx\n\n", " ", ""])
    assert known.redacted("first-part-of-it, x, and all else") == f"{REDACTED}, x, and all else"
    assert not KnownSecrets(["", "\n"])


def test_secrets_that_overlap_are_one_mark():
    assert KnownSecrets(["abcdef", "defghi"]).redacted("x abcdefghi y") == f"x {REDACTED} y"


SPREAD = {
    "letters of print": " ".join,
    "a line each": "\n".join,
    "a list": lambda text: repr(list(text)),
    "a list in HTML": lambda text: html.escape(repr(list(text))),
    "JSON": lambda text: json.dumps(list(text)),
    "two slices": lambda text: f"{text[:4]}\n{text[4:]}",
    "three slices": lambda text: f"{text[:2]} | {text[2:5]} | {text[5:]}",
}
COUNTED = {
    "counted": lambda text: "\n".join(f"{i} {letter}" for i, letter in enumerate(text)),
    "a column": lambda text: repr(pd.DataFrame({"_": list(text)})),
    "a column in HTML": lambda text: pd.DataFrame({"_": list(text)}).to_html(),
}


@pytest.mark.parametrize(
    ("secret", "form"),
    [(secret, form) for secret in ("hunter22", "pa\"ss&wo'rd<1>", "sk-123.abc~_x") for form in SPREAD]
    + [(secret, form) for secret in ("correct-horse", "swordfish<&>") for form in COUNTED],
)
def test_a_secret_letter_by_letter_or_in_slices_one_after_the_other_is_blacked_out(secret, form):
    shown = KnownSecrets([secret]).redacted(f"before {(SPREAD | COUNTED)[form](secret)} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    before, mark, after = shown.removeprefix("before").removesuffix("after").partition(REDACTED)
    assert mark
    for rest in (before, after):
        seen = html.unescape(re.sub(r"<[^<>]*>", "", rest))
        for part in (secret[:3], secret[-3:]):
            assert not re.search(".*".join(map(re.escape, part)), seen, re.DOTALL), shown


def test_text_that_has_a_secrets_letters_among_words_stays():
    known = KnownSecrets(["hunter22", "sesame"])
    text = "the hunt was over: 2 terns, 22 eggs; see same, and hunter 2"
    assert known.redacted(text.replace("see same", "seed sameness")) == text.replace("see same", "seed sameness")
    assert known.redacted("s1e2s3a4m5e6") == "s1e2s3a4m5e6"


def test_looking_for_letters_takes_no_longer_the_longer_the_text_by_more_than_it_is_longer():
    known = KnownSecrets(["h" * 8 + "x"])
    assert known.redacted("h, " * 20_000).count("h") == 20_000
    assert known.redacted("<h&h_" * 5_000).count("h") == 10_000
