"""What was exported for RamaLama, given to ramalama itself: the llama-server command that it makes of it."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.export.choices import Flavour
from advisor.export.export import Load
from advisor.export.programs.llama_server import said_options
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.llama_server_program import parsed, program
from tests.support.planning import a_model

pytestmark = pytest.mark.llama_server

FACTS = a_model()
MAIN = "import sys; from ramalama.cli import main; sys.exit(main())"
# It prints a word in double quotes where it has a space in it, and as it is otherwise.
WORD = re.compile(r'"([^"]*)"|(\S+)')


def made_of(command: str, home: Path) -> list[str]:
    """The words of the command that ramalama would start, in a home of its own, without a container."""
    program()  # skips the test where there is none, as on Windows, which RamaLama does not know
    _, verb, *rest = shlex.split(command)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "--dryrun", "--nocontainer", verb, *rest],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return [quoted or plain for quoted, plain in WORD.findall(line)]


def test_it_refuses_what_is_wrong(tmp_path: Path) -> None:
    """Else the test below could not fail."""
    with pytest.raises(AssertionError, match="unrecognized arguments"):
        made_of("ramalama serve --no-such-word 5 file:///m/x.gguf", tmp_path)


@pytest.mark.parametrize(
    ("settings", "flavour"), [(PLAIN, "pinned"), (EVERYTHING, "pinned"), (EVERYTHING, "adjustable")]
)
def test_it_starts_llama_server_with_what_was_said(
    settings: LoadSettings, flavour: Flavour, tmp_path: Path
) -> None:
    load = Load(settings=settings, facts=FACTS, model_path="/m/a b 'é' %.gguf", flavour=flavour)
    (command,) = render("ramalama", settings, FACTS, model_path=load.model_path, flavour=flavour).commands
    _, *made = made_of(command, tmp_path)
    assert made[made.index("--alias") + 1] == load.model_path  # where it looks for the file
    for option in said_options(load):
        flag, *value = option.words
        if flag != "-m":
            place = made.index({"-c": "--ctx-size"}.get(flag, flag))
            assert made[place + 1 : place + 1 + len(value)] == value, flag
    layers = str(settings.n_gpu_layers) if load.pinned else "auto"
    assert made[made.index("-ngl") + 1] == layers
    done = parsed(made, {})
    assert done.returncode == 0, done.stderr
    assert "multiple times" not in done.stderr  # the last one alone would count
