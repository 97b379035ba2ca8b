"""Problems solved step by step by two models, many at a time. Not a program: see evaluate.py.

A *chooser* decides, before each step, which model writes it. All sessions advance together, one step per
round, so that the writers see large batches.
"""
from dataclasses import dataclass, field

import task

SLM, LLM = "slm", "llm"
MAX_STEPS = 24      # the longest right solution has 16 with </think>


@dataclass
class Session:
    number: int
    dividend: int
    divisor: int
    right: list                     # the right steps as ids, `</think>` last
    context: tuple
    owners: list = field(default_factory=list)
    tokens: dict = field(default_factory=lambda: {SLM: 0, LLM: 0})
    discarded: int = 0              # SLM tokens thrown away by rules that look at a whole SLM step
    on_track: bool = True           # nothing wrong has been written so far
    previous: tuple = ()
    thinking: bool = True
    answer: str = ""

    @property
    def is_correct(self):
        return self.answer == task.answer(self.dividend, self.divisor)

    def expected(self):
        """The right next step, or None when the text is already wrong."""
        return self.right[len(self.owners)] if self.on_track and len(self.owners) < len(self.right) else None


class Classroom:
    """The tokenizer, the two writers and the way from problems to sessions."""

    def __init__(self, tokenizer, marks, writers):
        self.tokenizer, self.marks, self.writers = tokenizer, marks, writers
        self.bring = tokenizer.token_to_id("Bring")

    def session(self, number, dividend, divisor):
        encode = lambda text: tuple(self.tokenizer.encode(text).ids)
        right = [encode(step + task.STEP_END) for step in task.steps(dividend, divisor)] + [(self.marks.end_think,)]
        return Session(number, dividend, divisor, right, encode(task.prompt(dividend, divisor)))

    def is_quotient_step(self, session):
        """Whether the step to come decides a quotient digit: it follows the first step and `Bring down`."""
        return len(session.owners) == 1 or session.previous[:1] == (self.bring,)

    def run(self, problems, choose, answerer=LLM, needs_slm=True):
        """Solves the problems. choose(session, slm_step) gives the owner of the next step; slm_step is
        None when needs_slm is false."""
        sessions = [self.session(number, *problem) for number, problem in enumerate(problems)]
        while active := [session for session in sessions if session.thinking]:
            drafts = self.writers[SLM].steps([s.context for s in active]) if needs_slm else [None] * len(active)
            owners = [choose(session, draft) for session, draft in zip(active, drafts)]
            for owner in (SLM, LLM):
                owned = [session for session, chosen in zip(active, owners) if chosen == owner]
                for session, step in zip(owned, self.writers[owner].steps([s.context for s in owned])):
                    self.append(session, owner, step)
        for session in sessions:
            if session.context[-1] != self.marks.end_think:
                session.context += (self.marks.end_think,)
            session.context += (self.marks.blank,)
        for session, step in zip(sessions, self.writers[answerer].answers([s.context for s in sessions])):
            session.tokens[answerer] += len(step.ids)
            session.answer = self.tokenizer.decode(step.ids, skip_special_tokens=True)
        return sessions

    def append(self, session, owner, step):
        session.on_track = session.expected() == step.ids
        session.owners.append(owner)
        session.tokens[owner] += len(step.ids)
        session.previous = step.ids
        ended = step.ids[-1] in (self.marks.end_think, self.marks.end)
        session.context += step.ids if step.ids[-1] != self.marks.end else step.ids[:-1]
        session.thinking = not ended and len(session.owners) < MAX_STEPS
