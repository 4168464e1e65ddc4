"""Runs without Spark: namespaces, outputs, errors, widgets, %run, task values, exit."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from headwater.lakehouse import InvalidInputError
from headwater.notebook import write_run
from headwater.notebook.errors import CellError
from headwater.notebook.outputs import Failure, Shown, Stream

ROOT = Path(__file__).parents[4]


def _text(done):
    return "".join(output.text for cell in done.cells for output in cell.outputs if isinstance(output, Stream))


def _plain(done):
    return [o.data["text/plain"] for cell in done.cells for o in cell.outputs if isinstance(o, Shown)]


def test_the_last_expression_is_shown_unless_a_semicolon_hides_it(write, run):
    done = run(write("a.py", "x = 2\nx * 3", "x * 4;", "x * 5; # quiet", "print('a;')", "None", "_")).check()
    assert _plain(done) == ["6", "6"]
    assert _text(done) == "a;\n"


def test_top_level_await_works_and_main_is_the_notebooks_own(write, run):
    cells = [
        "import asyncio\nasync def f(): return 3\nawait f()",
        "import pickle, sys\nclass A: x = 1\nassert pickle.loads(pickle.dumps(A())).x == 1 and __name__ == '__main__'",
    ]
    main = sys.modules["__main__"]
    assert _plain(run(write("a.py", *cells)).check()) == ["3"]
    assert sys.modules["__main__"] is main


def test_an_error_names_notebook_cell_title_and_line_with_the_users_own_traceback(write, run):
    file = write("a.py", "def f(x):\n    return 1 / x", "# DBTITLE 1,Divide\nprint('before')\n\nf(0)", "print('never')")
    done = run(file)
    assert str(done.error) == f"{file}: cell 2 (Divide), line 10: ZeroDivisionError: division by zero"
    assert done.error.trace.startswith('Traceback (most recent call last):\n  File "' + str(file) + '", line 10')
    assert "return 1 / x" in done.error.trace
    assert "headwater/notebook" not in done.error.trace
    assert [len(cell.outputs) for cell in done.cells] == [0, 2]
    assert isinstance(done.cells[1].outputs[1], Failure)
    with pytest.raises(CellError, match="cell 2"):
        done.check()


def test_a_syntax_error_names_its_line_in_the_file(write, run):
    done = run(write("a.py", "x = 1", "y = 2\nif y\n    pass"))
    assert (done.error.number, done.error.line) == (2, 7)
    assert "if y" in done.error.trace
    assert "headwater/notebook" not in done.error.trace


def test_an_error_of_an_ipynb_names_the_line_of_the_cell(tmp_path, run):
    file = tmp_path / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1\nboom()")]), file)
    done = run(file)
    assert (done.error.number, done.error.line) == (1, 2)
    assert "boom()" in done.error.trace


def test_sys_exit_and_a_failing_shell_end_the_run(write, run):
    assert "SystemExit: 3" in str(run(write("a.py", "import sys\nsys.exit(3)")).error)
    done = run(write("b.py", "# MAGIC %sh\n# MAGIC echo out; echo err >&2; exit 4", "print('never')"))
    assert "ShellError: The shell command ended with exit code 4" in str(done.error)
    assert _text(done) == "out\nerr\n"


def test_another_language_is_refused_at_its_cell(write, run):
    done = run(write("a.py", "print('ran')", "# MAGIC %scala\n# MAGIC val x = 1"))
    assert "UnsupportedMagicError: The magic command %scala cannot run here" in str(done.error)
    assert _text(done) == "ran\n"
    assert "%tiem cannot run here: Did you mean" in str(run(write("b.py", "%tiem x")).error)


def test_included_notebooks_share_names_widgets_and_take_parameters(write, run):
    write(
        "lib/setup.py",
        "dbutils.widgets.text('who', 'nobody')\nwho = dbutils.widgets.get('who')",
        "# MAGIC %run ./deeper",
        "if who == 'stop': dbutils.notebook.exit('early')",
        "late = True",
    )
    write("lib/deeper.py", "def greet(): return f'hello {who}'")
    main = write("main.py", '# MAGIC %run ./lib/setup $who="you"', "print(greet(), late)")
    assert _text(run(main).check()) == "hello you True\n"
    main = write("main.py", "# MAGIC %run ./lib/setup $who=stop", "print(who, 'late' in globals())")
    assert _text(run(main).check()) == "setup.py exited: early\nstop False\n"
    broken = write("main.py", "x = 1", "# MAGIC %run ./lib/broken")
    write("lib/broken.py", "a = 1", "a.missing")
    assert str(run(broken).error).startswith(f"{broken.parent / 'lib' / 'broken.py'}: cell 2, line 6: AttributeError")
    assert "There is no notebook './lib/brokn'" in str(run(write("main.py", "# MAGIC %run ./lib/brokn")).error)


def test_a_notebook_that_is_run_has_names_of_its_own_and_gives_its_exit_value(write, run):
    write("child.py", "x = int(dbutils.widgets.get('x'))", "dbutils.notebook.exit(x * 2)", "never = 1")
    main = write("main.py", "y = dbutils.notebook.run('./child', 60, {'x': 21})", "print(y, 'x' in globals())")
    assert _text(run(main).check()) == "child.py ran 2 cells, exited: 42\n42 False\n"
    failing = run(write("main.py", "dbutils.notebook.run('child', 0)"))
    assert "child.py: cell 1, line 2: InputWidgetNotDefinedError: InputWidgetNotDefined: no widget named 'x'" in str(
        failing.error
    )


def test_a_child_that_takes_too_long_is_stopped(write, run):
    write("slow.py", "import time\ntime.sleep(60)")
    done = run(write("main.py", "dbutils.notebook.run('./slow', 1)"))
    assert "NotebookTimeoutError" in str(done.error)
    assert done.seconds < 30


def test_an_exit_ends_the_run_with_success_past_every_except(write, run):
    done = run(
        write(
            "a.py",
            "try:\n    dbutils.notebook.exit({'a': 1})\nexcept Exception:\n    print('caught')",
            "print('never')",
        )
    )
    assert (done.exit_value, done.error, _text(done)) == ("{'a': 1}", None, "")


def test_a_restart_loses_the_variables_and_goes_on(write, run):
    done = run(
        write(
            "a.py",
            "x = 1",
            "y = 2\ndbutils.library.restartPython()\nprint('never')",
            "print('x' in globals(), dbutils is not None)",
        )
    )
    assert _text(done.check()) == "False True\n"


def test_widgets_have_defaults_that_parameters_beat(write, run):
    cells = [
        "dbutils.widgets.removeAll()\ndbutils.widgets.text('day', '2024-01-01', 'Day')\ndbutils.widgets.dropdown('m', 'a', ['a', 'b'])",
        "print(dbutils.widgets.get('day'), getArgument('m'), getArgument('no', 'd'), dbutils.widgets.getAll())",
        "dbutils.widgets.remove('m')\ndbutils.widgets.get('m')",
    ]
    done = run(write("a.py", *cells), {"day": "2024-02-02"})
    assert _text(done) == "2024-02-02 a d {'day': '2024-02-02', 'm': 'a'}\n"
    assert "InputWidgetNotDefined: no widget named 'm'. Known: day." in str(done.error)
    assert "not one of its choices" in str(run(write("b.py", "dbutils.widgets.dropdown('m', 'c', ['a'])")).error)


def test_task_values_reach_the_other_tasks_of_their_job_run_alone(write, run):
    first = write("first.py", "dbutils.jobs.taskValues.set('auc', {'v': [1, None]})")
    second = write(
        "second.py", "print(dbutils.jobs.taskValues.get('first', 'auc', default='none', debugValue='debug'))"
    )
    run(first, job_run="r1").check()
    assert [_text(run(second, job_run=name).check()) for name in ("r1", "r2", "")] == [
        "{'v': [1, None]}\n",
        "none\n",
        "debug\n",
    ]
    strict = write("third.py", "dbutils.jobs.taskValues.get(taskKey='first', key='acu')")
    assert "Values of first: Did you mean 'auc'" in str(run(strict, job_run="r1").error)
    assert "needs a debugValue outside a job run" in str(run(strict).error)


def test_secrets_come_from_the_environment_and_are_blacked_out(write, run, monkeypatch):
    monkeypatch.setenv("HEADWATER_SECRET_MY_SCOPE_TOKEN", "hunter22")
    cells = [
        "token = dbutils.secrets.get('my-scope', 'token')\nprint(token, dbutils.secrets.list('my-scope'))\n{'t': token}",
        "display([{'token': token}])\nraise ValueError(f'bad {token}')",
    ]
    done = run(write("a.py", *cells))
    assert "hunter22" not in repr(done) + done.error.trace
    assert _text(done) == "[REDACTED] [SecretMetadata(key='token')]\n"
    missing = run(write("b.py", "dbutils.secrets.get('other', 'key')"))
    assert "set the environment variable HEADWATER_SECRET_OTHER_KEY" in str(missing.error)
    leaving = run(write("c.py", "dbutils.notebook.exit(dbutils.secrets.get('my-scope', 'token'))"))
    assert leaving.exit_value == "[REDACTED]"


def test_secrets_of_the_environment_are_blacked_out_wherever_they_come_from(write, run, monkeypatch):
    import io

    secrets = {"HEADWATER_SECRET_S_K": 'pa"ss&word-of-s', "OUR_API_KEY": "correct-horse-battery", "USE_TOKEN": "true"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    write("child.py", "print(dbutils.widgets.get('given'))")
    cells = [
        "import os\nfor letter in os.environ['OUR_API_KEY']: print(letter, end='')\nprint()",
        "# MAGIC %sh env | grep -E 'OUR_API|S_K|USE_TOKEN'",
        "secret = os.environ['HEADWATER_SECRET_S_K']\ndisplay([{'long': 'x' * 30 + secret, 'deep': [{'s': secret}]}])",
        "import json\n{'s': json.dumps({'s': secret})}",
        "dbutils.notebook.run('./child', 60, {'given': secret})",
    ]
    echo = io.StringIO()
    done = run(write("a.py", *cells), echo=echo).check()
    everything = repr(done.cells) + echo.getvalue()
    assert not [piece for piece in ("word-of-s", "xpa", "rrect-hor", "battery") if piece in everything]
    assert "USE_TOKEN=true" in _text(done)
    assert _text(done).startswith("[REDACTED]\n")


def test_pip_changes_nothing_without_the_flag_and_shell_lines_are_captured(write, run):
    done = run(
        write("a.py", "%pip install surely-no-such-package-27\nn = 3\nfiles = !echo {n}; echo b\nprint(files)\n!exit 3")
    )
    assert _text(done.check()) == "Not done without --install: pip install surely-no-such-package-27\n['3', 'b']\n"


def test_frames_and_figures_are_shown(write, run):
    cells = [
        "import pandas as pd\ndisplay(pd.DataFrame({'a': range(1001), 'b': None}))",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nfig, ax = plt.subplots()\ndisplay(fig)\nplt.plot([3]);",
        "import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2])).show()",
        "displayHTML('<b>bold</b>')\nfrom IPython.display import HTML, display as show\nshow(HTML('<i>x</i>'))",
        "# MAGIC %fs ls dbfs:/",
    ]
    done = run(write("a.py", *cells)).check()
    kinds = [[sorted(output.data) for output in cell.outputs if isinstance(output, Shown)] for cell in done.cells]
    png = ["image/png", "text/plain"]
    assert kinds[0] == [["text/html", "text/plain"]]
    assert "Only the first 1,000 rows are shown." in done.cells[0].outputs[0].data["text/html"]
    assert kinds[1] == [png, png, png]
    assert kinds[2] == [["application/vnd.plotly.v1+json", "text/html", "text/plain"]]
    assert [output.data["text/html"] for output in done.cells[3].outputs] == ["<b>bold</b>", "<i>x</i>"]


def test_the_process_is_as_it_was_after_a_run(write, run, monkeypatch):
    import builtins

    (write("a.py", "x").parent / "beside.py").write_text("value = 5")
    before = (
        os.getcwd(),
        list(sys.path),
        dict(os.environ),
        builtins.open,
        sys.stdout,
        len(sys.meta_path),
        sys.modules["__main__"],
    )
    cells = ["import os, beside\nos.environ['X_LEFT'] = '1'\nos.chdir('/')\nprint(beside.value)", "1 / 0"]
    done = run(write("a.py", *cells))
    assert _text(done) == "5\n"
    after = (
        os.getcwd(),
        list(sys.path),
        dict(os.environ),
        builtins.open,
        sys.stdout,
        len(sys.meta_path),
        sys.modules["__main__"],
    )
    assert after == before
    assert "beside" not in sys.modules


def test_the_executed_notebook_is_written_also_after_a_failure(write, run, tmp_path):
    cells = [
        "# MAGIC %md\n# MAGIC # Über\n# MAGIC | a |\n# MAGIC |---|\n# MAGIC | 1 |",
        "print('<x>')\n[1]",
        "# DBTITLE 1,Bad\n1 / 0",
        "never = 1",
    ]
    done = run(write("a.py", *cells))
    write_run(done, tmp_path / "out" / "a.ipynb")
    read = nbformat.read(tmp_path / "out" / "a.ipynb", as_version=4)
    nbformat.validate(read)
    assert [cell.cell_type for cell in read.cells] == ["markdown", "code", "code", "code"]
    assert [[output.output_type for output in cell.outputs] for cell in read.cells[1:]] == [
        ["stream", "execute_result"],
        ["error"],
        [],
    ]
    write_run(done, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert "<h1>Über</h1>" in page
    assert "<td>1</td>" in page
    assert "&lt;x&gt;" in page
    assert "cell 3 (Bad), line" in page
    assert "not run" in page
    with pytest.raises(InvalidInputError, match=r"as \.ipynb or \.html, found 'a\.pdf'"):
        write_run(done, tmp_path / "a.pdf")


def test_the_command_exits_with_0_1_and_2(write, tmp_path):
    def call(*arguments):
        command = [sys.executable, "-m", "headwater", "notebook", "run", *map(str, arguments)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, check=False, timeout=120)

    good = write("good.py", "dbutils.notebook.exit(dbutils.widgets.get('a'))")
    bad = write("bad.py", "print('so far')", "1 / 0")
    done = call(good, "--param", "a=b=c")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "b=c")
    failed = call(bad, "--out", "bad.html")
    assert failed.returncode == 1
    assert "so far" in failed.stdout
    assert f"headwater: {bad}: cell 2, line 6: ZeroDivisionError" in failed.stderr
    assert "typer" not in failed.stderr
    assert (tmp_path / "bad.html").exists()
    assert [
        call(good, "--param", "a").returncode,
        call("none.py").returncode,
        call(good, "--out", "a.txt").returncode,
    ] == [2, 2, 2]
