"""Solutions with drafts as trees of tokens, so that one pass grades every draft of a problem. Not a program.

The trunk is the prompt and the kept steps. A branch hangs on it behind a token of the trunk: it sees the trunk up
to there and itself, at the positions that follow, exactly as if it had been written there. A branch is the judge's
question after a kept step, or a rejected draft and the question after it.

Value: the hidden state at the last token of a draft. Grade: the distribution after the question's last token.
"""
from dataclasses import dataclass, field

import torch

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from ragged import hidden_states

QUESTION, PREFILL = "?", ""     # what the pool file says in the pair's "judge" entry
DIGITS = 10


@dataclass
class Tree:
    """attach: per token, how many tokens of the trunk it sees (0 in the trunk itself); branch: 0 is the trunk."""
    ids: list = field(default_factory=list)
    positions: list = field(default_factory=list)
    branch: list = field(default_factory=list)
    attach: list = field(default_factory=list)
    taught: list = field(default_factory=list)      # whether the next token is a target of the language model's loss
    values: list = field(default_factory=list)      # index of the last token of every graded draft
    grades: list = field(default_factory=list)      # index of the last token of the question after it
    labels: list = field(default_factory=list)
    kinds: list = field(default_factory=list)
    spans: list = field(default_factory=list)       # indices of every graded draft's tokens, led by the one before it

    def trunk(self, ids, taught):
        start = len(self.ids)
        self.ids += ids
        self.positions += range(start, start + len(ids))
        self.branch += [0] * len(ids)
        self.attach += [0] * len(ids)
        if taught and start:        # the token before the text predicts its first one
            self.taught[start - 1] = True
        self.taught += [taught] * (len(ids) - 1) + [False]

    def hang(self, ids, attach):
        number = max(self.branch) + 1
        self.ids += ids
        self.positions += range(attach, attach + len(ids))
        self.branch += [number] * len(ids)
        self.attach += [attach] * len(ids)
        self.taught += [False] * len(ids)

    def grade(self, span, label, kind):
        """Asks for the grade of a draft; call right behind its question."""
        self.spans.append(span)
        self.values.append(span[-1])
        self.grades.append(len(self.ids) - 1)
        self.labels.append(label)
        self.kinds.append(kind)

    def hang_and_grade(self, start, length, rejected, follow_up, label, kind):
        """Grades the draft behind the first `start` tokens of the trunk: its next `length` ones, or `rejected`."""
        first = len(self.ids)
        self.hang(rejected + follow_up, start if rejected else start + length)
        tokens = range(first, first + len(rejected)) if rejected else range(start, start + length)
        self.grade([start - 1, *tokens], label, kind)


def kind_of(before, text):
    if not before:
        return "first step"
    if text == task.END_THINK:
        return text
    return "quotient" if before[-1].startswith("Bring") or len(before) == 1 else text.split(" ")[0]


def tree_of(record, pair, follow_up):
    """The tree of one line of drafts.py."""
    encode = lambda text: pair.encode(text if text == task.END_THINK else text + task.STEP_END)
    tree, hanging, before, on_track = Tree(), [], [], True
    tree.trunk(pair.encode(task.prompt(*record["problem"])), taught=False)
    for step in record["steps"]:
        attach = len(tree.ids)
        if step["wrong_draft"] is not None:
            hanging.append((attach, 0, encode(step["wrong_draft"]), False, kind_of(before, step["wrong_draft"])))
        tree.trunk(encode(step["text"]), taught=step["right"])
        if step["owner"] != "llm":
            hanging.append((attach, len(tree.ids) - attach, [], step["right"], kind_of(before, step["text"])))
        on_track = on_track and step["right"]
        before.append(step["text"])
    if on_track:
        tree.trunk(pair.encode(task.STEP_END + task.answer(*record["problem"]) + task.END), taught=True)
    for start, length, rejected, label, kind in hanging:
        tree.hang_and_grade(start, length, rejected, follow_up, label, kind)
    return tree


def practice_tree(problem, pair, follow_up):
    """A right solution whose quotient steps are graded, each beside the two that are off by one: where nearly all of
    the SLM's mistakes are, and the hardest to see."""
    encode = lambda text: pair.encode(text + task.STEP_END)
    tree, hanging, before = Tree(), [], []
    tree.trunk(pair.encode(task.prompt(*problem)), taught=False)
    for step in task.steps(*problem):
        attach = len(tree.ids)
        tree.trunk(encode(step), taught=True)
        if kind_of(before, step) == "quotient":
            hanging.append((attach, len(tree.ids) - attach, [], True))
            hanging += [(attach, 0, encode(task.multiply(digit, problem[1])), False)
                        for digit in (int(step[0]) - 1, int(step[0]) + 1) if 0 <= digit <= 9]
        before.append(step)
    tree.trunk(pair.encode(task.END_THINK + task.STEP_END + task.answer(*problem) + task.END), taught=True)
    for start, length, rejected, label in hanging:
        tree.hang_and_grade(start, length, rejected, follow_up, label, "quotient")
    return tree


def follow_up_ids(pair):
    return pair.encode(task.USER + QUESTION + task.ASSISTANT + PREFILL)


def digit_ids(pair):
    return [pair.tokenizer.token_to_id(str(digit)) for digit in range(DIGITS)]


@dataclass
class Batch:
    """Trees of a batch as tensors; places are (row, index)."""
    ids: torch.Tensor
    positions: torch.Tensor
    allowed: torch.Tensor
    taught: torch.Tensor
    values: tuple
    grades: tuple
    labels: torch.Tensor
    kinds: list
    rows: list

    def hidden(self, model):
        return hidden_states(model, self.ids, self.positions, self.allowed)


def batch_of(trees):
    longest = max(len(tree.ids) for tree in trees)
    fill = lambda lists, pad: torch.tensor([list(part) + [pad] * (longest - len(part)) for part in lists])
    branch = fill([tree.branch for tree in trees], -1)
    attach = fill([tree.attach for tree in trees], 0)
    order = torch.arange(longest)
    own = (branch[:, :, None] == branch[:, None, :]) & (order[None, :] <= order[:, None])
    trunk = (branch[:, None, :] == 0) & (order < attach[:, :, None])
    place = lambda lists: (torch.tensor([row for row, part in enumerate(lists) for _ in part]),
                           torch.tensor([index for part in lists for index in part]))
    return Batch(
        ids=fill([tree.ids for tree in trees], 0), positions=fill([tree.positions for tree in trees], 0),
        allowed=own | trunk, taught=fill([tree.taught for tree in trees], False),
        values=place([tree.values for tree in trees]), grades=place([tree.grades for tree in trees]),
        labels=torch.tensor([float(label) for tree in trees for label in tree.labels]),
        kinds=[kind for tree in trees for kind in tree.kinds],
        rows=[row for row, tree in enumerate(trees) for _ in tree.labels])
