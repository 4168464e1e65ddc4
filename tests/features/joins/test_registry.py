"""The registry of the join's forms."""

from pathlib import Path

from headwater.features.joins import forms
from headwater.features.joins.registry import join_forms


def test_each_file_is_a_form_of_its_own_name_and_rank():
    files = [file for file in Path(forms.__path__[0]).glob("*.py") if file.stem != "__init__"]
    assert {type(form).__module__.rpartition(".")[2] for form in join_forms().values()} == {file.stem for file in files}
    assert len(join_forms()) == len(files)
    ranks = [form.rank for form in join_forms().values()]
    assert ranks == sorted(set(ranks))
