"""The recorder: what it takes, what it echoes, and that neither shows a secret."""

import io

from headwater.notebook.outputs import Failure, Recorder, Shown, Stream
from headwater.notebook.redaction import KnownSecrets

SECRET = "hunter22"


def test_a_secret_written_in_pieces_is_neither_recorded_nor_echoed():
    echo = io.StringIO()
    recorder = Recorder(echo, KnownSecrets([SECRET]))
    for piece in ("the ", "hun", "ter", "22 is"):
        recorder.write("stdout", piece)
        recorder.write("stderr", "!")
    recorder.write("stdout", " it\n")
    assert "".join(one.text for one in recorder.taken() if one.name == "stdout") == "the [REDACTED] is it\n"
    assert echo.getvalue() == "the [REDACTED] is it\n!!!!"


def test_the_echo_keeps_the_order_of_lines_and_things_shown():
    echo = io.StringIO()
    recorder = Recorder(echo, KnownSecrets([SECRET]))
    recorder.write("stdout", "one\rtwo")
    assert echo.getvalue() == "one\r"
    recorder.add(Shown({"text/plain": f"'{SECRET}'"}))
    recorder.write("stdout", "three")
    recorder.taken()
    assert echo.getvalue() == "one\rtwo'[REDACTED]'\nthree"


def test_text_is_echoed_as_it_comes_where_no_secret_is_known():
    echo = io.StringIO()
    Recorder(echo).write("stdout", "half a li")
    assert echo.getvalue() == "half a li"


def test_pictures_stay_as_they_are_and_all_other_outputs_lose_secrets():
    recorder = Recorder(secrets=KnownSecrets(["abcdefgh"]))
    recorder.add(Shown({"image/png": "xabcdefghx", "image/svg+xml": "<text>abcdefgh</text>"}))
    recorder.add(Shown({"application/json": {"abcdefgh": ["abcdefgh", 1]}}))
    recorder.add(Failure("ValueError", "bad abcdefgh", "trace abcdefgh"))
    assert recorder.taken() == (
        Shown({"image/png": "xabcdefghx", "image/svg+xml": "<text>[REDACTED]</text>"}),
        Shown({"application/json": {"[REDACTED]": ["[REDACTED]", 1]}}),
        Failure("ValueError", "bad [REDACTED]", "trace [REDACTED]"),
    )


def test_what_is_dropped_is_not_recorded():
    recorder = Recorder()
    recorder.write("stdout", "kept")
    mark = recorder.mark
    recorder.write("stderr", "dropped")
    recorder.drop(mark)
    assert recorder.taken() == (Stream("stdout", "kept"),)


def test_a_secret_over_two_cells_is_blacked_out_in_both():
    recorder = Recorder(secrets=KnownSecrets([SECRET]))
    recorder.write("stdout", "first half hunt\n")
    first = recorder.taken()
    recorder.write("stderr", "between")
    recorder.write("stdout", "er22 and more\n")
    second = recorder.taken()
    assert recorder.across([first, second]) == [
        (Stream("stdout", "first half [REDACTED]"),),
        (Stream("stderr", "between"), Stream("stdout", " and more\n")),
    ]
