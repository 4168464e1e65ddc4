"""Java's standard error, in a process of its own: this one's Java runs already."""

import subprocess
import sys


def test_a_start_writes_nothing_to_standard_error_and_what_java_writes_later_arrives(tmp_path):
    code = (
        "from headwater import lakehouse\n"
        f"spark = lakehouse.session(lakehouse.Settings(home={str(tmp_path / 'store')!r}, master='local[1]'))\n"
        "spark._jvm.java.lang.System.err.println('said by Java')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stderr == "said by Java\n"
