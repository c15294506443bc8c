"""Drift: the committed documents are those that the models make, and any difference is named."""

import pytest

from risp.protocol import documents


def test_the_committed_documents_are_those_that_the_models_make():
    assert documents.drift(documents.FOLDER) == []


def test_documents_are_made_alike_twice_and_end_with_a_newline():
    assert documents.files() == documents.files()
    assert all(text.endswith("}\n") for text in documents.files().values())


def test_a_folder_that_was_just_written_does_not_drift(tmp_path):
    paths = documents.write(tmp_path / "new")
    assert sorted(path.name for path in paths) == sorted(documents.files())
    assert documents.drift(tmp_path / "new") == []


@pytest.mark.parametrize("change", ["edit", "remove", "add"])
def test_each_kind_of_drift_is_named_and_writing_mends_it(tmp_path, change):
    documents.write(tmp_path)
    path = tmp_path / "action.error.schema.json"
    stale = tmp_path / "action.gone.schema.json"
    if change == "edit":
        path.write_text(path.read_text(encoding="utf-8").replace("fatal", "final"), "utf-8")
        due = [f"{path}: differs from the models"]
    elif change == "remove":
        path.unlink()
        due = [f"{path}: missing"]
    else:
        stale.write_text("{}")
        due = [f"{stale}: no longer made"]
    assert documents.drift(tmp_path) == due
    documents.write(tmp_path)
    assert documents.drift(tmp_path) == []


def test_a_stale_document_of_another_format_is_named_too(tmp_path):
    documents.write(tmp_path)
    stale = tmp_path / "action.openapi.json"
    stale.write_text("{}")
    assert documents.drift(tmp_path) == [f"{stale}: no longer made"]


def test_only_a_profile_with_endpoints_has_an_openapi_document():
    assert [name for name in documents.files() if ".openapi." in name] == ["live.openapi.json"]
    assert "live.openapi" in documents.documents()


def test_other_people_s_files_are_left_alone(tmp_path):
    notes = tmp_path / "notes.json"
    notes.write_text("{}")
    documents.write(tmp_path)
    assert notes.exists()
    assert documents.drift(tmp_path) == []
