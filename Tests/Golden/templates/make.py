#!/usr/bin/env python3
"""Renders conversations with Jinja, as the chat templates that ship with the models do, and writes prompts.json.

usage: make.py [--check FOLDER…]

The templates below say the same as the published ones for conversations without tools, images and documents; each
notes what it leaves out. prompts.json: per template and conversation the rendered prompt, up to where the model goes
on. Templates of models that think get "<think>\\n" behind the generation prompt unless they write it themselves: the
thought is always opened for the model, once.
--check renders the plain conversations with transformers and the chat template of a model folder, and compares them.
Needs jinja2; --check needs transformers.
"""
import json, os, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = os.path.dirname(os.path.abspath(__file__))
CHATML = "{{- '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}"
TEMPLATES = {
    # Qwen3. Left out: tools. An answer behind the last question would keep its thought; here a question is always last.
    "qwen3": (
        "{%- for m in messages %}{%- set content = m.content %}"
        "{%- if m.role == 'assistant' and '</think>' in content %}"
        "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}" + CHATML + "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
        "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
        "{%- endif %}", "<think>\n"),
    # Qwen2.5. Left out: tools.
    "qwen2.5": (
        "{%- if messages[0]['role'] != 'system' %}{{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. "
        "You are a helpful assistant.<|im_end|>\\n' }}{%- endif %}"
        "{%- for m in messages %}{%- set content = m.content %}" + CHATML + "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}", ""),
    # The frame alone, as many models have it.
    "chatml": (
        "{%- for m in messages %}{%- set content = m.content %}" + CHATML + "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}", ""),
    # DeepSeek-R1-Distill, since February 2025. Left out: tools.
    "deepseek-r1": (
        "{% set ns = namespace(system_prompt='') %}"
        "{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}"
        "{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}"
        "{%- for message in messages %}{%- if message['role'] == 'user' %}{{'<｜User｜>' + message['content']}}{%- endif %}"
        "{%- if message['role'] == 'assistant' %}{% set content = message['content'] %}{% if '</think>' in content %}"
        "{% set content = content.split('</think>')[-1] %}{% endif %}"
        "{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endfor -%}"
        "{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}", ""),
    # Llama 3.
    "llama3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}"
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}", ""),
    # Llama 3.1. Left out: tools. The date is the one the template falls back to.
    "llama3.1": (
        "{{- bos_token }}{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}"
        "{%- set messages = messages[1:] %}{%- else %}{%- set system_message = '' %}{%- endif %}"
        "{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}{{- 'Cutting Knowledge Date: December 2023\\n' }}"
        "{{- 'Today Date: ' + date_string + '\\n\\n' }}{{- system_message }}{{- '<|eot_id|>' }}"
        "{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}"
        "{%- endfor %}{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}", ""),
}
BEGIN = {"deepseek-r1": "<｜begin▁of▁sentence｜>", "llama3": "<|begin_of_text|>", "llama3.1": "<|begin_of_text|>"}


def turns(text):
    """Turns written as `s:`, `u:` and `a:` lines, the content behind as it is."""
    return [dict(role=dict(s="system", u="user", a="assistant")[t[0]], content=t[2:]) for t in text]


PLAIN = [turns(t) for t in [
    ["u:What is 637 / 25 ?"], ["s:Be brief.", "u:hi"], ["u:a", "a:b", "u:c"], ["s:x", "u:a", "a:b", "u:c", "a:d", "u:e"],
]]
CONVERSATIONS = PLAIN + [turns(t) for t in [
    ["u:"], ["s:", "u:"], ["u: \n two  spaces\t\n"], ["s:\n sys \n", "u:\nq\n\n"], ["u:\x1c\x1fsep\x1e\x85\u2003"], ["u:\u200bzero\ufeff"],
    ["u:1+1?", "a:<think>\nwell\n</think>\n\n2", "u:sure? "], ["u:a", "a:</think>x", "u:b"], ["u:a", "a:\n\nno thought\n", "u:b"],
    ["u:a", "a:<think>one</think>two</think>\n\n\n three \n", "u:b"], ["u:a", "a:<think>never closed", "u:b"], ["u:a", "a:x</think>", "u:b"],
    ["u:</think> of a user\n", "a:ok", "u:<think>"], ["u:日本語 e\u0301 👩‍👩‍👧‍👦", "a:한국어", "u:ß"], ["u:a", "a:", "u:b"], ["u:a", "a: \n", "u:b"],
    ["u:{{ 7 * 7 }}{% raw %}"], ["u:\r\nx\r\n", "a:<think>\r\n</think>\r\n\r\ny\r\n", "u:z"],
]]


def environment():
    return ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)


def render(name, messages):
    template, opening = TEMPLATES[name]
    return environment().from_string(template).render(
        messages=messages, bos_token=BEGIN.get(name, ""), add_generation_prompt=True, date_string="26 Jul 2024") + opening


def check(folder):
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(folder)
    name = "llama3" if "<|start_header_id|>" in tokenizer.get_vocab() else "qwen3"
    different = 0
    for messages in PLAIN:
        theirs = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) + TEMPLATES[name][1]
        different += theirs != render(name, messages)
    print(f"{folder}: {name}, {different} of {len(PLAIN)} differ")
    return different


def main():
    if sys.argv[1:2] == ["--check"]:
        sys.exit(1 if sum(check(folder) for folder in sys.argv[2:]) else 0)
    prompts = [dict(template=name, turns=c, prompt=render(name, c)) for name in TEMPLATES for c in CONVERSATIONS]
    with open(os.path.join(HERE, "prompts.json"), "w", encoding="ascii") as file:
        json.dump(prompts, file, separators=(",", ":"), indent=0)
        file.write("\n")
    print(f"{len(prompts)} prompts")


if __name__ == "__main__":
    main()
