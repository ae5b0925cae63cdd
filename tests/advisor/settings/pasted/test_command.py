import pytest

from advisor.errors import UsageError
from advisor.settings.pasted.pasted import Pasted
from advisor.settings.pasted.reading import read_pasted
from advisor.settings.pasted.words import guessed_shell
from advisor.settings.request import ALL_LAYERS


def codes(pasted: Pasted) -> set[str]:
    return {note.code for note in pasted.notes}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("-c 32k", "32k"),
        ("-c", "-c has no value"),
        ("-fa maybe", "maybe"),
        ("-ngl some", "some"),
        ("-ts a,b", '"a"'),
        ("-ot nonsense", "nonsense"),
        ("-np 0", "-np"),
        ("--fit perhaps", "perhaps"),
        ("--rope-scale nan", "nan"),
        ("-ctk q3_K", "--cache-type-k"),
        ("-sm tensor", "--split-mode"),
        ("-c 99999999999", "--ctx-size"),
        ("--rope-freq-base -1", "--rope-freq-base"),
    ],
)
def test_what_llama_cpp_would_refuse_is_refused_and_named(words: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_pasted(f"llama-server -m x.gguf {words}")
    assert named in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "   \n", "hello there", "ls -l | grep llama", "FROMAGE x"])
def test_what_is_no_configuration_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_pasted(text)
    assert caught.value.code == "bad-paste"


def test_without_np_the_server_opens_four_slots_and_the_other_program_one() -> None:
    server = read_pasted("llama-server -m x.gguf -c 8192")
    assert (server.request.n_seq_max, server.request.kv_unified) == (4, True)
    assert "four-slots" in codes(server)
    alone = read_pasted("llama-cli -m x.gguf -c 8192 -cnv")
    assert (alone.request.n_seq_max, alone.request.kv_unified) == (1, None)
    assert not alone.unknown
    split = read_pasted("llama serve -m x.gguf -c 8192 -np 4")
    assert (split.request.n_seq_max, split.request.kv_unified) == (4, None)


@pytest.mark.parametrize(
    ("words", "context", "layers"),
    [
        ("", True, True),
        ("-c 8192", False, True),
        ("-c 0", False, True),
        ("-ngl 99", True, False),
        ("-ngl auto", True, True),
        ("-c 8192 -ts 1,1", False, False),
        ("-c 8192 -ncmoe 4", False, False),
        ("--fit off", False, False),
    ],
)
def test_fit_decides_only_what_was_not_set(words: str, context: bool, layers: bool) -> None:
    pasted = read_pasted(f"llama-server -m x.gguf {words}")
    assert (pasted.context_by_runtime, pasted.layers_by_runtime) == (context, layers)


def test_later_words_win_and_the_command_wins_over_variables() -> None:
    pasted = read_pasted(
        "LLAMA_ARG_CTX_SIZE=1024 LLAMA_ARG_N_GPU_LAYERS=7 llama-server -c 2048 --ctx_size 4096 -m a -m b"
    )
    assert (pasted.request.n_ctx, pasted.request.n_gpu_layers, pasted.model) == (4096, 7, "b")


def test_variables_alone_and_in_other_shells() -> None:
    variables = '$env:LLAMA_ARG_CTX_SIZE = "8192"\n$env:LLAMA_ARG_NO_KV_OFFLOAD="1"\n'
    lines = f"{variables}llama-server.exe -m C:\\m\\x.gguf"
    pasted = read_pasted(lines)
    assert (pasted.request.n_ctx, pasted.request.offload_kqv, pasted.model) == (8192, False, "C:\\m\\x.gguf")
    assert (
        read_pasted("set LLAMA_ARG_CTX_SIZE=512\nset LLAMA_ARG_MODEL=x.gguf\nllama-server").request.n_ctx
        == 512
    )
    assert read_pasted("export LLAMA_ARG_N_PARALLEL=2\n").request.n_seq_max == 2


@pytest.mark.parametrize(
    ("text", "shell", "model"),
    [
        ("./llama-server \\\n  -m '/a b/x.gguf' \\\n  -c 4096", "sh", "/a b/x.gguf"),
        (
            '& "C:\\bin\\llama-server.exe" `\n  -m "C:\\a b\\x.gguf" `\n  -c 4096',
            "powershell",
            "C:\\a b\\x.gguf",
        ),
        ('C:\\bin\\llama-server.exe ^\r\n  -m "C:\\a b\\x.gguf" ^\r\n  -c 4096', "cmd", "C:\\a b\\x.gguf"),
        ("llama-server.exe -m C:\\models\\x.gguf -c 4096", "cmd", "C:\\models\\x.gguf"),
        ("sudo nohup llama-server -m ~/x.gguf -c 4096 > log.txt 2>&1 &", "sh", "~/x.gguf"),
        ("# my server\nexport A=1; llama-server -m x.gguf -c 4096 | tee log -c 9", "sh", "x.gguf"),
    ],
)
def test_the_shell_is_guessed_and_lines_are_joined(text: str, shell: str, model: str) -> None:
    assert guessed_shell(text) == shell
    pasted = read_pasted(text)
    assert (pasted.model, pasted.request.n_ctx) == (model, 4096)
    assert not pasted.unknown


def test_a_container_is_looked_through() -> None:
    pasted = read_pasted(
        "docker run --gpus all -e LLAMA_ARG_BATCH=1024 -p 8080:8080 -v /home/me/models:/models "
        "ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/x.gguf -c 4096 --host 0.0.0.0 --port 8080"
    )
    assert pasted.model == "/home/me/models/x.gguf"
    assert (pasted.request.n_ctx, pasted.request.n_batch, pasted.request.n_seq_max) == (4096, 1024, 4)
    assert not pasted.unknown


def test_everything_that_decides_memory_is_read() -> None:
    pasted = read_pasted(
        "llama-server -m x.gguf -c 4096 -np 2 -kvu -fa off -ngl all -cmoe -dev CUDA1,CUDA0 -mg 1 -sm none "
        "--swa-full --no-op-offload -nkvo --load-mode none --rope-scaling yarn --rope-scale 4 -mm p.gguf "
        "-md d.gguf -ctkd q8_0 -ngld 9 --lora a.gguf,b.gguf --lora-scaled c.gguf:0.5"
    )
    asked = pasted.request
    assert (asked.kv_unified, asked.flash_attn, asked.n_gpu_layers) == (True, "off", ALL_LAYERS)
    assert asked.devices == ("CUDA1", "CUDA0")
    assert (asked.swa_full, asked.op_offload, asked.offload_kqv, asked.use_mmap) == (
        True,
        False,
        False,
        False,
    )
    assert (asked.rope.scaling, asked.rope.scale) == ("yarn", 4)
    assert asked.n_cpu_moe
    beside = pasted.beside
    assert (beside.projector, beside.draft, beside.draft_cache_type_k) == ("p.gguf", "d.gguf", "q8_0")
    assert beside.draft_gpu_layers == 9
    assert beside.adapters == ("a.gguf", "b.gguf", "c.gguf")


def test_what_is_not_known_or_left_out_is_said_with_its_value() -> None:
    pasted = read_pasted("llama-server -m x.gguf --frobnicate 3 --zap -cram 0 -c 512 -fa --temp -0.5 stray")
    assert pasted.unknown == ("--frobnicate", "--zap", "stray")
    assert codes(pasted) == {"four-slots", "left-out", "flag-wants-value"}
    assert (pasted.request.n_ctx, pasted.request.flash_attn) == (512, "on")


def test_what_a_terminal_would_obey_is_not_repeated() -> None:
    pasted = read_pasted("llama-server --\x1b[31mred -m x")
    assert "\x1b" not in "".join(pasted.unknown)


def test_a_shells_variables_are_left_and_said() -> None:
    pasted = read_pasted('llama-server -m "$HOME/x.gguf" -c 512')
    assert pasted.model == "$HOME/x.gguf"
    assert "not-expanded" in codes(pasted)
