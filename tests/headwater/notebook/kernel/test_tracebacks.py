"""Java's traces in the texts of errors."""

from headwater.notebook.kernel.tracebacks import without_java_frames

_PYTHON = """org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "a.py", line 3
ValueError: x

"""
_FRAMES = "\tat org.apache.spark.api.Python$R.handle(PythonRunner.scala:1)\n\tat java.base/java.lang.Thread.run(Unknown Source)\n"


def test_java_frames_and_what_was_said_before_are_left_out():
    text = (
        f"Py4JJavaError: An error occurred while calling o1.collect.\n: Job aborted: {_PYTHON}{_FRAMES}"
        f"\nDriver stacktrace:\n{_FRAMES}Caused by: {_PYTHON}{_FRAMES}\t... 7 more\nCaused by: java.io.IOException: full\n{_FRAMES}"
    )
    kept = f"Py4JJavaError: An error occurred while calling o1.collect.\n: Job aborted: {_PYTHON.rstrip()}\n"
    shown = without_java_frames(text)
    assert shown.startswith(kept)
    assert shown.endswith("lines of Java's trace)\nCaused by: java.io.IOException: full\n")
    assert shown.count("ValueError: x") == 1
    assert "\tat " not in shown


def test_text_without_java_frames_stays():
    for text in ("", "ValueError: look at me (now)\n", "a\n at home (x)\nb", "Caused by: a\nCaused by: a"):
        assert without_java_frames(text) == text
