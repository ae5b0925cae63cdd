import json

import pytest

from advisor.errors import OutputError, UsageError
from advisor.export.merging import merged_defaults, merged_modelfile

OURS = "# Generated.\nFROM /m/x.gguf\nADAPTER /m/l.gguf\nPARAMETER num_ctx 4096\nPARAMETER num_gpu 33\n"


def defaults(**fields: object) -> str:
    return json.dumps({"preset": "", "load": {"fields": [{"key": k, "value": v} for k, v in fields.items()]}})


def test_a_modelfile_of_another_model_is_refused_and_both_are_named() -> None:
    with pytest.raises(UsageError, match=r"FROM llama3, not /m/x\.gguf") as caught:
        merged_modelfile("FROM llama3\n", OURS, "Modelfile")
    assert "--name llama3" in caught.value.hint
    with pytest.raises(UsageError):
        merged_modelfile("FROM /m/x.gguf\nFROM /m/y.gguf\n", OURS, "Modelfile")


@pytest.mark.parametrize(
    "before", ["{", "[]", '{"load": 5}', '{"load": {"fields": [{}]}}', '{"load": {}}', "[" * 9000]
)
def test_defaults_that_are_not_lm_studios_are_not_touched(before: str) -> None:
    with pytest.raises(OutputError, match="not what LM Studio writes"):
        merged_defaults(before, defaults(a=1), "x.json")


@pytest.mark.parametrize("before", [None, "", "\n"])
def test_where_nothing_is_the_export_stands_as_it_is(before: str | None) -> None:
    assert merged_modelfile(before, OURS, "Modelfile") == OURS
    assert merged_defaults(before, defaults(a=1), "x.json") == defaults(a=1)


def test_a_modelfile_keeps_all_that_is_not_said() -> None:
    before = (
        "# mine\n"
        'from "/m/x.gguf"\n'
        'TEMPLATE """{{ .Prompt }}\n'
        "PARAMETER num_ctx 1\n"
        '"""\n'
        'SYSTEM """one line"""\n'
        "parameter NUM_CTX 2048\n"
        "PARAMETER stop <e>\n"
        "PARAMETER stop <f>\n"
        "ADAPTER /m/l.gguf"
    )
    assert merged_modelfile(before, OURS, "Modelfile") == (
        "# mine\n"
        'from "/m/x.gguf"\n'
        'TEMPLATE """{{ .Prompt }}\n'
        "PARAMETER num_ctx 1\n"
        '"""\n'
        'SYSTEM """one line"""\n'
        "PARAMETER stop <e>\n"
        "PARAMETER stop <f>\n"
        "ADAPTER /m/l.gguf\n"
        "PARAMETER num_ctx 4096\n"
        "PARAMETER num_gpu 33\n"
    )


def test_a_modelfile_without_a_model_gets_ours() -> None:
    merged = merged_modelfile("SYSTEM Be brief.\n", OURS, "Modelfile")
    assert merged.startswith("SYSTEM Be brief.\nFROM /m/x.gguf\nADAPTER /m/l.gguf\nPARAMETER num_ctx 4096\n")


def test_merging_twice_changes_nothing_more() -> None:
    once = merged_modelfile("SYSTEM Be brief.\nPARAMETER num_ctx 1\n", OURS, "Modelfile")
    assert merged_modelfile(once, OURS, "Modelfile") == once
    merged = merged_defaults(defaults(z=1, a=2), defaults(a=1), "x.json")
    assert merged_defaults(merged, defaults(a=1), "x.json") == merged


def test_defaults_keep_their_order_and_what_is_not_said() -> None:
    before = {
        "preset": "mine",
        "operation": {"fields": [{"key": "o", "value": 1}]},
        "load": {"fields": [{"key": "z", "value": 1, "more": 2}, {"key": "a", "value": 2}], "other": 3},
    }
    merged = json.loads(merged_defaults(json.dumps(before), defaults(a=1, b=5), "x.json"))
    assert merged == {
        "preset": "mine",
        "operation": {"fields": [{"key": "o", "value": 1}]},
        "load": {
            "fields": [
                {"key": "z", "value": 1, "more": 2},
                {"key": "a", "value": 1},
                {"key": "b", "value": 5},
            ],
            "other": 3,
        },
    }
