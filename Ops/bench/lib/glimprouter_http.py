#!/usr/bin/env python3
"""GlimpRouter over HTTP, as its authors run it: every probe and every step is a request to an OpenAI-compatible server.

usage: glimprouter_http.py --slm URL --llm URL --problems FILE.jsonl --parallel N [--tau NATS]

Per step: one token from the small model with its 20 best log-probabilities, renormalised; entropy below tau gives the
step to the small model, else to the large one, as a new request that stops at a blank line. The probe's token is not
used again. Thinking ends with </think>, with a step that repeats the one before, or with the budget; then the large
model answers. The servers keep the prefixes of earlier requests. Prints one line of JSON; standard library only.
"""
import argparse
import asyncio
import json
import math
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

THINKING_BUDGET, STEP_LIMIT, ANSWER_LIMIT = 8192, 512, 2048
STEP_END, THINKING_END = "\n\n", "</think>"


class Server:
    """Keeps as many connections open as there are requests at once."""

    def __init__(self, url):
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.idle = []
        self.requests = 0

    async def complete(self, prompt, **settings):
        body = json.dumps({"prompt": prompt, "temperature": 0, "cache_prompt": True, **settings}).encode()
        head = (f"POST /v1/completions HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        self.requests += 1
        for attempt in range(3):
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(head + body)
                status, headers, answer = await self._read(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.close()      # the server closes connections after some requests
                continue
            if headers.get("connection", "").lower() == "close":
                writer.close()
            else:
                self.idle.append((reader, writer))
            if status != 200:
                raise RuntimeError(f"{self.host}:{self.port} answers {status}: {answer[:300]!r}")
            return json.loads(answer)
        raise RuntimeError(f"{self.host}:{self.port} closed the connection three times")

    @staticmethod
    async def _read(reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if "content-length" in headers:
            return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return int(lines[0].split()[1]), headers, body


@dataclass
class Solution:
    answer: str = ""
    steps: int = 0
    llm_steps: int = 0
    tokens: int = 0


def entropy(choice):
    """Nats, of the listed tokens alone."""
    weights = [math.exp(entry["logprob"]) for entry in choice["logprobs"]["content"][0]["top_logprobs"]]
    total = sum(weights)
    return -sum(w / total * math.log(w / total) for w in weights if w > 0)


async def solve(problem, slm, llm, tau):
    prompt = f"<|User|>{problem['prompt']}<|Assistant|><think>\n"
    solution, previous = Solution(), None
    while True:
        probe = await slm.complete(prompt, max_tokens=1, logprobs=20)
        is_hard = entropy(probe["choices"][0]) >= tau
        step = await (llm if is_hard else slm).complete(prompt, max_tokens=STEP_LIMIT, stop=[STEP_END])
        text = step["choices"][0]["text"]
        solution.steps += 1
        solution.llm_steps += is_hard
        solution.tokens += step["usage"]["completion_tokens"]
        if THINKING_END in text:
            prompt += text[:text.index(THINKING_END)]
            break
        prompt += text + STEP_END
        if text == previous or solution.tokens >= THINKING_BUDGET:
            break
        previous = text
    answer = await llm.complete(prompt + THINKING_END + STEP_END, max_tokens=ANSWER_LIMIT)
    solution.answer = answer["choices"][0]["text"].strip()
    return solution


async def run(arguments):
    with open(arguments.problems) as file:
        problems = [json.loads(line) for line in file][:arguments.count]
    slm, llm = Server(arguments.slm), Server(arguments.llm)
    places = asyncio.Semaphore(arguments.parallel)

    async def one(problem):
        async with places:
            return await solve(problem, slm, llm, arguments.tau)

    await one(problems[0])      # to warm up
    started, requests = time.monotonic(), slm.requests + llm.requests
    solutions = await asyncio.gather(*map(one, problems))
    seconds = time.monotonic() - started
    right = sum(s.answer == p["reference_answer"] for s, p in zip(solutions, problems))
    steps = sum(s.steps for s in solutions)
    if arguments.texts:
        with open(arguments.texts, "w") as file:
            for problem, solution in zip(problems, solutions):
                print(json.dumps({"custom_id": problem["custom_id"], "answer": solution.answer}), file=file)
    print(json.dumps({
        "per_minute": len(problems) / seconds * 60, "accuracy": right / len(problems),
        "llm_step_share": sum(s.llm_steps for s in solutions) / steps,
        "requests_per_second": (slm.requests + llm.requests - requests) / seconds,
        "steps_per_problem": steps / len(problems), "tokens_per_problem": sum(s.tokens for s in solutions) / len(problems),
    }))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slm", required=True)
    parser.add_argument("--llm", required=True)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--tau", type=float, default=0.2)
    parser.add_argument("--texts", help="file for the answers")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
