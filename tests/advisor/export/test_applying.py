import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from advisor.errors import OutputError, UsageError
from advisor.export.applying import Change, apply, planned
from advisor.export.choices import TARGETS
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.library.places import Places
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model

NOW = datetime(2026, 11, 22, 5, 6, 7, tzinfo=UTC)
SETTINGS = LoadSettings(n_ctx=4096, n_gpu_layers=33)
KEY = "maker/a model-GGUF/x.gguf"


def exported(to: str, model_path: str = "/m/x.gguf") -> Export:
    return render(to, SETTINGS, a_model(), model_path=model_path)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(home=tmp_path / "home", root=tmp_path, environment={}, system="linux")


@pytest.fixture
def home(places: Places) -> Path:
    home = places.home / ".lmstudio"
    home.mkdir(parents=True)
    return home


@pytest.mark.parametrize("to", sorted(set(TARGETS) - {"ollama", "lm-studio"}))
def test_a_runtime_without_such_a_file_is_refused(to: str, places: Places) -> None:
    with pytest.raises(UsageError, match="in place"):
        planned(exported(to), None, places)


@pytest.mark.parametrize("path", ["/m/x.gguf", "maker/x.gguf", "../../x.gguf", "a/../x.gguf"])
def test_a_model_that_lm_studio_does_not_have_is_refused(path: str, home: Path, places: Places) -> None:
    with pytest.raises(UsageError, match="models folder"):
        planned(exported("lm-studio", path), None, places)
    assert not list(home.iterdir())


def test_without_lm_studio_nothing_is_made(places: Places) -> None:
    with pytest.raises(UsageError, match="home was not found"):
        planned(exported("lm-studio", KEY), None, places)
    assert not places.home.exists()


def test_lm_studio_has_one_place_for_it(home: Path, places: Places) -> None:
    with pytest.raises(UsageError, match="one place"):
        planned(exported("lm-studio", KEY), home / "x.json", places)


def test_what_is_no_text_is_not_touched(tmp_path: Path, places: Places) -> None:
    (tmp_path / "Modelfile").write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="not a text"):
        planned(exported("ollama"), tmp_path, places)
    (tmp_path / "long").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(OutputError, match="not a text"):
        planned(exported("ollama"), tmp_path / "long", places)


def test_a_file_that_changed_in_the_meantime_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "Modelfile"
    path.write_text("FROM b\n")
    with pytest.raises(OutputError, match="in the meantime"):
        apply(Change(path, "FROM a\n", "FROM c\n"), NOW)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("Modelfile", "FROM b\n")]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be"):
        apply(Change(tmp_path / "file" / "Modelfile", None, "FROM c\n"), NOW)


def test_a_new_modelfile_is_the_export(tmp_path: Path, places: Places) -> None:
    export = exported("ollama")
    change = planned(export, tmp_path, places)
    assert (change.path, change.before, change.after) == (
        tmp_path / "Modelfile",
        None,
        export.files[0].text,
    )
    assert change.difference().startswith("--- (new)\n")
    assert not list(tmp_path.iterdir())  # a plan only
    assert apply(change, NOW) is None
    assert change.path.read_text() == export.files[0].text


def test_what_was_there_is_kept_beside_it_under_names_of_their_own(tmp_path: Path, places: Places) -> None:
    path = tmp_path / "mine"
    for number in (1, 2):
        path.write_text(f"FROM /m/x.gguf\nPARAMETER num_ctx {number}\nSYSTEM Be brief.\n")
        change = planned(exported("ollama"), path, places)
        assert f"-PARAMETER num_ctx {number}\n" in change.difference()
        assert "+PARAMETER num_ctx 4096\n" in change.difference()
        backup = apply(change, NOW)
        assert backup is not None
        assert backup.name == ("mine.bak-20261122-050607" if number == 1 else "mine.bak-20261122-050607-2")
        assert f"num_ctx {number}\n" in backup.read_text()
        assert "SYSTEM Be brief.\n" in path.read_text()
    assert not planned(exported("ollama"), path, places).is_one


def test_through_a_link_the_file_changes_and_the_link_stays(tmp_path: Path, places: Places) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "real").write_text("FROM /m/x.gguf\n")
    (tmp_path / "link").symlink_to(tmp_path / "there" / "real")
    backup = apply(planned(exported("ollama"), tmp_path / "link", places), NOW)
    assert (tmp_path / "link").is_symlink()
    assert "num_ctx 4096" in (tmp_path / "there" / "real").read_text()
    assert backup is not None
    assert backup.parent == tmp_path / "there"


def test_lm_studios_defaults_are_merged_where_it_reads_them(home: Path, places: Places) -> None:
    change = planned(exported("lm-studio", f"/elsewhere/models/{KEY}"), None, places)
    place = home / ".internal/user-concrete-model-default-config/maker/a model-GGUF/x.gguf.json"
    assert change.path == place
    apply(change, NOW)
    document = json.loads(place.read_text())
    document["preset"] = "mine"
    document["load"]["fields"][1]["value"] = 5
    document["load"]["fields"].append({"key": "llm.load.seed", "value": {"checked": False}})
    place.write_text(json.dumps(document))
    apply(planned(exported("lm-studio", KEY), None, places), NOW)
    merged = json.loads(place.read_text())
    fields = {field["key"]: field["value"] for field in merged["load"]["fields"]}
    assert merged["preset"] == "mine"
    assert fields["llm.load.contextLength"] == 4096
    assert fields["llm.load.seed"] == {"checked": False}
