"""The walls of the house: who may import whom, how long a module may be, what must not be written down."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("advisor", "ui", "packaging", "tests")
LONGEST_MODULE = 500

# Each room may import the rooms before it. Those of the first group may import one another.
FIRST = ("basis", "units", "errors", "presets", "printable", "terms")
ORDER = (
    *("gguf", "model", "hardware", "settings", "memory", "speed", "engine"),
    *("recommend", "probe", "history", "library", "export", "cli"),
)
# The rooms of the command line, in the order of an answer; `main` comes last.
CLI = "advisor.cli"
CLI_ORDER = ("options", "asked", "documents", "text", "verbs")
# The rooms of the window, and what each of them may use without a room of its own.
UI_FIRST = ("colors", "theme", "wording")
UI_ORDER = (
    *("widgets", "charts", "session", "proof", "model", "computer", "welcome", "learn", "settings"),
    *("export", "compare", "prompt", "window"),
)
UI_LAST = ("crash", "portrait", "app", "__main__")
WORKER = "advisor.engine.worker"
# What the window must not touch: it is given answers and facts, it does not read files or load models.
NOT_FOR_THE_WINDOW = ("advisor.gguf", "advisor.model", "advisor.cli", WORKER, "llama_cpp", "gguf", "pynvml")
# The one door to a file, and what lies behind it.
MODEL_FOR_THE_WINDOW = (
    *("advisor.model.read_model", "advisor.model.facts"),
    *("advisor.model.projector", "advisor.model.adapter"),
)


def rank(module: str) -> int:
    """The place of a module in the order of its house; what starts a program comes last."""
    house, _, rest = module.partition(".")
    room = rest.partition(".")[0]
    order, first, last = (UI_ORDER, UI_FIRST, UI_LAST) if house == "ui" else (ORDER, FIRST, ("__main__",))
    if room in last:
        return len(order) + 1
    if room in first or not room or room.startswith("__"):
        return 0
    assert room in order, f"{module} is in no room of the house"
    return order.index(room) + 1


def cli_rank(module: str) -> int:
    """The place of a module of the command line in the order of its rooms."""
    room = module.removeprefix(CLI).lstrip(".").partition(".")[0]
    if room == "main":
        return len(CLI_ORDER) + 1
    assert not room or room in CLI_ORDER, f"{module} is in no room of the command line"
    return CLI_ORDER.index(room) + 1 if room else 0


def module_name(root: Path, file: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(root: Path, file: Path) -> Iterator[str]:
    """The modules that `file` imports anywhere; `from package import name` counts as package.name."""
    name = module_name(root, file)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def is_within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def objection(importer: str, module: str) -> bool:
    """Whether `importer` reaches through a wall when it imports `module`."""
    if is_within(importer, WORKER):
        return not is_within(module, WORKER) and module.partition(".")[0] in ("advisor", "ui", "PySide6")
    if is_within(importer, "ui"):
        if is_within(module, "ui"):
            return rank(module) > rank(importer)
        banned = any(is_within(module, room) for room in NOT_FOR_THE_WINDOW)
        return banned and not any(is_within(module, room) for room in MODEL_FOR_THE_WINDOW)
    if module.partition(".")[0] in ("ui", "PySide6", "llama_cpp"):
        # The entry without arguments opens the window.
        return not (importer in ("advisor.__main__", "advisor.cli.main") and is_within(module, "ui"))
    if is_within(module, WORKER):
        return True
    place = cli_rank if is_within(importer, CLI) and is_within(module, CLI) else rank
    return is_within(module, "advisor") and place(module) > place(importer)


def broken_walls(root: Path) -> list[str]:
    """Every import under `root` that reaches through a wall, as "importer imports module"."""
    files = sorted([*(root / "advisor").rglob("*.py"), *(root / "ui").rglob("*.py")])
    return [
        f"{importer} imports {module}"
        for importer, file in ((module_name(root, file), file) for file in files)
        for module in imported(root, file)
        if objection(importer, module)
    ]


def long_modules(root: Path) -> list[str]:
    """Modules longer than a person reads in one go."""
    files = (file for place in SOURCES for file in sorted((root / place).rglob("*.py")))
    counts = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    return [f"{file.relative_to(root)}: {lines}" for file, lines in counts.items() if lines > LONGEST_MODULE]


def text_files(root: Path) -> Iterator[Path]:
    """The texts that belong to the project, whether or not git knows them already."""
    suffixes = {".py", ".toml", ".md", ".json", ".bat", ".svg", ".xml", ".spec", ".desktop", ".sh", ""}
    top = [
        root / name
        for name in ("Makefile", "README.md", "pyproject.toml", "run.bat", ".gitignore", ".ci/run")
    ]
    for place in (*SOURCES, "presets"):
        for directory, names, files in os.walk(root / place):
            names[:] = [name for name in names if name != "__pycache__" and not name.startswith(".")]
            top += [Path(directory, file) for file in files]
    yield from sorted(file for file in top if file.suffix in suffixes and file.is_file())


# Spelled so that this file does not find itself.
MACHINE_PATHS = re.compile(r"/wor[k]/|/tmp/la[b]|/roo[t]/")
REGISTRY_HOSTS = re.compile(r"pyp[i]\.org|pythonhoste[d]|deb\.debia[n]|npmj[s]\.")


def places_named(root: Path) -> list[str]:
    """Lines that name a directory of one machine, or the host of a package registry."""
    here = re.escape(str(root) + os.sep)
    return [
        f"{file.relative_to(root)}:{number}: {line.strip()[:100]}"
        for file in text_files(root)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATHS.search(line) or REGISTRY_HOSTS.search(line) or re.search(here, line)
    ]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house in which every wall stands."""
    for name, text in {
        "advisor/__init__.py": "",
        "advisor/units.py": "from advisor.errors import UsageError\n",
        "advisor/errors.py": "",
        "advisor/gguf/read.py": "from advisor import units\nimport gguf\n",
        "advisor/engine/client.py": "from advisor.memory.plan import MemoryPlan\n",
        "advisor/engine/worker/run.py": "import llama_cpp\nfrom .log import lines\n",
        "advisor/engine/worker/log.py": "import json\n",
        "advisor/cli/__init__.py": "",
        "advisor/cli/options/parser.py": "from advisor import units\n",
        "advisor/cli/asked/request.py": "from advisor.cli.asked import model\n",
        "advisor/cli/verbs/plan.py": "from advisor.cli.documents.plan import plan_to_dict\n",
        "advisor/cli/verbs/export.py": "import advisor.cli.options.parser\n",
        "advisor/cli/main.py": "import advisor.export.ollama\ndef window():\n    from ui import app\n",
        "ui/app.py": "from advisor.model import read_model\nfrom advisor.model.facts import ModelFacts\n",
        "packaging/entry.py": "",
        "tests/test_units.py": "",
        "README.md": "Models lie in ~/.ollama/models.\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_no_wall_of_this_house_is_broken() -> None:
    assert broken_walls(ROOT) == []


def test_no_module_of_this_house_is_too_long() -> None:
    assert long_modules(ROOT) == []


def test_nothing_names_a_machine_or_a_registry() -> None:
    assert places_named(ROOT) == []


def test_the_command_line_loads_neither_the_window_nor_the_engine() -> None:
    code = "import sys, advisor.cli.main; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(ast.literal_eval(done.stdout))
    assert "advisor" in loaded
    assert not loaded & {"PySide6", "shiboken6", "ui", "llama_cpp"}


def test_a_sound_house_has_nothing_to_object_to(house: Path) -> None:
    assert broken_walls(house) == []
    assert long_modules(house) == []
    assert places_named(house) == []


@pytest.mark.parametrize(
    ("file", "line", "module"),
    [
        ("advisor/units.py", "import advisor.gguf.read", "advisor.gguf.read"),
        ("advisor/gguf/read.py", "from advisor.memory import plan", "advisor.memory.plan"),
        ("advisor/gguf/read.py", "from PySide6 import QtCore", "PySide6.QtCore"),
        ("advisor/gguf/read.py", "def later():\n    import llama_cpp", "llama_cpp"),
        ("advisor/gguf/read.py", "from ui import app", "ui.app"),
        ("advisor/gguf/read.py", "from advisor import model", "advisor.model"),
        ("advisor/memory/plan.py", "from ..engine import client", "advisor.engine.client"),
        ("advisor/engine/client.py", "from advisor.engine.worker import run", "advisor.engine.worker.run"),
        ("advisor/engine/worker/run.py", "from advisor.units import MiB", "advisor.units.MiB"),
        ("advisor/engine/worker/run.py", "from ...units import MiB", "advisor.units.MiB"),
        ("advisor/export/programs/ollama.py", "from advisor.cli import main", "advisor.cli.main"),
        ("advisor/cli/options/parser.py", "from advisor.cli.asked import model", "advisor.cli.asked.model"),
        (
            "advisor/cli/asked/pasted.py",
            "from advisor.cli.documents import plan",
            "advisor.cli.documents.plan",
        ),
        ("advisor/cli/text/plan.py", "import advisor.cli.verbs.plan", "advisor.cli.verbs.plan"),
        ("advisor/cli/verbs/plan.py", "from advisor.cli.main import main", "advisor.cli.main.main"),
        ("advisor/cli/verbs/plan.py", "from advisor.cli import main", "advisor.cli.main"),
        ("ui/app.py", "from advisor.gguf.read import header", "advisor.gguf.read.header"),
        ("ui/app.py", "from advisor.model.build import facts", "advisor.model.build.facts"),
        ("ui/app.py", "from advisor.engine.worker import run", "advisor.engine.worker.run"),
        ("ui/app.py", "import llama_cpp", "llama_cpp"),
        ("ui/session/state.py", "from ui.model.model_page import ModelPage", "ui.model.model_page.ModelPage"),
        ("ui/wording.py", "from ui.widgets import card", "ui.widgets.card"),
    ],
)
def test_a_broken_wall_is_found(house: Path, file: str, line: str, module: str) -> None:
    target = house / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(line + "\n", encoding="utf-8")
    assert broken_walls(house) == [f"{module_name(house, target)} imports {module}"]


def test_a_room_that_is_not_in_the_order_is_an_error(house: Path) -> None:
    (house / "advisor" / "helpers").mkdir()
    (house / "advisor" / "helpers" / "x.py").write_text("from advisor import units\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"advisor\.helpers\.x is in no room"):
        broken_walls(house)


def test_every_module_of_the_command_line_is_in_a_room() -> None:
    modules = [module_name(ROOT, file) for file in (ROOT / "advisor" / "cli").rglob("*.py")]
    assert {cli_rank(module) for module in modules} == set(range(len(CLI_ORDER) + 2))


def test_a_module_beside_the_rooms_of_the_command_line_is_an_error(house: Path) -> None:
    (house / "advisor" / "cli" / "helpers.py").write_text(
        "from advisor.cli.asked import model\n", encoding="utf-8"
    )
    with pytest.raises(AssertionError, match=r"advisor\.cli\.helpers is in no room of the command line"):
        broken_walls(house)


@pytest.mark.parametrize("place", SOURCES)
def test_a_module_of_501_lines_is_too_long(house: Path, place: str) -> None:
    file = house / place / "long.py"
    file.write_text("x = 1\n" * 500, encoding="utf-8")
    assert long_modules(house) == []
    file.write_text("x = 1\n" * 501, encoding="utf-8")
    assert long_modules(house) == [f"{file.relative_to(house)}: 501"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("see /{}/main", "work"), ("cd /{}/.cache", "root"), ("https://{}.org/simple", "pypi")],
)
def test_a_machine_or_a_registry_is_found(house: Path, text: str, word: str) -> None:
    (house / "README.md").write_text(f"First line.\n{text.format(word)}\n", encoding="utf-8")
    assert places_named(house) == [f"README.md:2: {text.format(word)}"]


def test_the_directory_of_the_checkout_is_found(house: Path) -> None:
    (house / "ui" / "app.py").write_text(f"PATH = '{house}{os.sep}models'\n", encoding="utf-8")
    assert [place.partition(":")[0] for place in places_named(house)] == [str(Path("ui", "app.py"))]
