#!/usr/bin/env python3
"""Compares `glimpq models forward` with Hugging Face transformers and, for GGUF files, with llama.cpp.

usage: Ops/oracle.py [--glimpq PROGRAM] [--llama-server PROGRAM] [--greedy N] [--precision exact|fast] MODEL...

MODEL is a folder or a GGUF file of Llama, Qwen2 or Qwen3 layout. Of a quantised file transformers computes the
dequantised weights in float32 (with eager attention). Prints for each model the largest difference of the logits
relative to the largest logit, that of the entropy in nats, and how many greedy tokens are equal; with --llama-server
also the largest difference of llama.cpp's log-probabilities, which are not exact on quantised files either. Exit code 1
if a model in exact precision is off by more than 1e-4 or continues differently where the choice is not a near tie.
Needs gguf, numpy, torch, transformers (a CPU build).
"""
import argparse, json, os, random, socket, subprocess, sys, time, urllib.request

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
         "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
         "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "ffn_gate": "mlp.gate_proj",
         "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def straight(x, heads):
    """Undoes the order in which llama.cpp wants the rows of queries and keys of Llama models."""
    return x.reshape(heads, x.shape[0] // heads // 2, 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


def from_gguf(path):
    """The model of a GGUF file in float32."""
    import gguf
    reader = gguf.GGUFReader(path)
    arch = reader.fields["general.architecture"].contents()

    def key(name, default=None):
        field = reader.fields.get(f"{arch}.{name}")
        return default if field is None else field.contents()

    heads, kv = key("attention.head_count"), key("attention.head_count_kv")
    weights, divisors = {}, None
    for tensor in reader.tensors:
        x = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if tensor.name == "rope_freqs.weight":
            divisors = x
            continue
        stem, kind = tensor.name.rsplit(".", 1)
        if stem.startswith("blk."):
            _, layer, stem = stem.split(".", 2)
            name = f"model.layers.{layer}.{NAMES[stem]}.{kind}"
        else:
            name = f"{NAMES[stem]}.{kind}"
        if arch == "llama" and stem in ("attn_q", "attn_k"):
            x = straight(x, heads if stem == "attn_q" else kv)
        weights[name] = torch.from_numpy(np.ascontiguousarray(x))
    rope = dict(rope_type=key("rope.scaling.type", "default"), rope_theta=key("rope.freq_base", 10000.0))
    if rope["rope_type"] in ("linear", "yarn"):
        rope["factor"] = key("rope.scaling.factor")
    else:
        rope["rope_type"] = "default"
    if rope["rope_type"] == "yarn":
        rope["original_max_position_embeddings"] = key("rope.scaling.original_context_length")
    bias = "model.layers.0.self_attn.q_proj.bias" in weights
    config = AutoConfig.for_model(
        arch, hidden_size=key("embedding_length"), num_hidden_layers=key("block_count"), num_attention_heads=heads,
        num_key_value_heads=kv, intermediate_size=key("feed_forward_length"),
        head_dim=key("attention.key_length", key("embedding_length") // heads),
        max_position_embeddings=key("context_length"), rms_norm_eps=key("attention.layer_norm_rms_epsilon"),
        vocab_size=weights["model.embed_tokens.weight"].shape[0], rope_parameters=rope, attention_bias=bias,
        mlp_bias="model.layers.0.mlp.up_proj.bias" in weights, tie_word_embeddings="lm_head.weight" not in weights)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    missing, unknown = model.load_state_dict(weights, strict=False)
    if unknown or set(missing) - {"lm_head.weight"}:
        raise SystemExit(f"{path}: transformers lacks {unknown}, the file lacks {missing}")
    model.tie_weights()
    if divisors is not None:
        model.model.rotary_emb.inv_freq /= torch.from_numpy(divisors)
    return model.eval()


def reference(model, ids, count):
    """Logits of the last position, entropy, greedy continuation and the gaps between the two best candidates."""
    with torch.inference_mode():
        out = model(input_ids=torch.tensor([ids]), use_cache=True)
        logits = current = out.logits[0, -1].float()
        exact, past, greedy, gaps = torch.log_softmax(logits.double(), -1), out.past_key_values, [], []
        for _ in range(count):
            top = torch.topk(current, 2).values
            gaps.append(float(top[0] - top[1]))
            greedy.append(int(current.argmax()))
            step = model(input_ids=torch.tensor([[greedy[-1]]]), past_key_values=past, use_cache=True)
            past, current = step.past_key_values, step.logits[0, -1].float()
    return logits.numpy(), float(-(exact.exp() * exact).sum()), greedy, gaps


class LlamaServer:
    """A llama.cpp server on one file, asked for log-probabilities."""

    def __init__(self, program, path):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "-m", path, "--port", str(self.port), "-t", "2", "-c", "512", "-np", "1", "--no-warmup", "-ctk",
             "f32", "-ctv", "f32", "-fa", "off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2)
                return
            except OSError:
                time.sleep(0.5)
        raise SystemExit(f"{program} did not start on {path}")

    def log_probabilities(self, ids, count):
        body = json.dumps(dict(prompt=ids, n_predict=1, n_probs=count, temperature=0, cache_prompt=False)).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/completion", body, {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request, timeout=300))
        # The server says nothing of a token that ends the text.
        seen = answer.get("completion_probabilities") or [dict(top_logprobs=[])]
        return {entry["id"]: entry["logprob"] for entry in seen[0]["top_logprobs"]}

    def close(self):
        self.process.terminate()
        self.process.wait()


def compare(path, args):
    gguf_file = path.endswith(".gguf")
    model = from_gguf(path) if gguf_file else AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
    rows, rng = model.config.vocab_size, random.Random(1)
    prompts = [[rng.randrange(rows) for _ in range(length)] for length in (1, 5, 17, 70)]
    command = [args.glimpq, "models", "forward", path, "--top", str(rows), "--greedy", str(args.greedy)]
    if args.precision:
        command += ["--precision", args.precision]
    for ids in prompts:
        command += ["--ids", ",".join(map(str, ids))]
    ours = [json.loads(line) for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]
    server = LlamaServer(args.llama_server, path) if args.llama_server and gguf_file else None
    good = True
    for ids, mine in zip(prompts, ours):
        logits, entropy, greedy, gaps = reference(model, ids, args.greedy)
        got = np.empty(rows, np.float32)
        for token, logit in mine["topk"]:
            got[token] = logit
        scale = float(np.abs(logits).max())
        off = float(np.abs(got - logits).max()) / scale
        same = next((i for i in range(args.greedy) if mine["greedy"][i] != greedy[i]), args.greedy)
        line = (f"{path}: {len(ids)} tokens: logits {off:.2e}, entropy {abs(mine['entropy'] - entropy):.2e}, "
                f"greedy {same}/{args.greedy}")
        if same < args.greedy:
            line += f" (gap {gaps[same]:.1e})"
        if server:
            theirs = server.log_probabilities(ids, 100)
            shift = float(torch.logsumexp(torch.from_numpy(logits).double(), -1))
            far = max((abs(logits[t] - shift - p) for t, p in theirs.items()), default=float("nan"))
            near = max((abs(got[t] - mine["logsumexp"] - p) for t, p in theirs.items()), default=float("nan"))
            line += f"; llama.cpp: log-probabilities {far:.2e} from transformers, {near:.2e} from us"
        print(line, flush=True)
        good &= off <= 1e-4 and (same == args.greedy or gaps[same] < 1e-3 * scale)
    if server:
        server.close()
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--glimpq", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.build/release/glimpq"))
    parser.add_argument("--llama-server")
    parser.add_argument("--greedy", type=int, default=32)
    parser.add_argument("--precision", choices=["exact", "fast"], default="exact")
    args = parser.parse_args()
    torch.set_num_threads(2)
    results = [compare(path, args) for path in args.models]
    sys.exit(0 if all(results) or args.precision == "fast" else 1)


if __name__ == "__main__":
    main()
