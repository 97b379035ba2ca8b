"""Texts drawn from one model, many rows of unequal lengths at a time. Not a program."""
import torch

from ragged import RaggedDecoder, logits_of

TEMPERATURE, TOP_P = 0.6, 0.95      # glimpq's defaults
NUCLEUS_LIMIT = 32      # no nucleus of these models comes near this size, and a full sort is slow


def draw(logits, temperatures, generator, top_p=TOP_P):
    """One token per row. temperatures: one per row, 0 for the likeliest token. logits: rows, vocabulary."""
    greedy = logits.argmax(dim=-1)
    hot = temperatures > 0
    if not hot.any():
        return greedy
    p = torch.softmax(logits / temperatures.clamp(min=1e-6)[:, None], dim=-1)
    p, order = p.topk(NUCLEUS_LIMIT, dim=-1)
    p = p * (p.cumsum(dim=-1) - p < top_p)
    choice = torch.multinomial(p, 1, generator=generator)
    return torch.where(hot, order.gather(1, choice)[:, 0], greedy)


def padded(contexts, pad=0):
    """(ids, counts) of lists of unequal lengths."""
    counts = torch.tensor([len(context) for context in contexts])
    ids = torch.full((len(contexts), int(counts.max())), pad)
    for row, context in enumerate(contexts):
        ids[row, :len(context)] = torch.tensor(context)
    return ids, counts


@torch.no_grad()
def write(model, contexts, stops, limit, temperatures, generator, batch=256):
    """What the model writes after each context: lists of ids, each with the stop token that ended it."""
    order = sorted(range(len(contexts)), key=lambda n: len(contexts[n]))
    written = [[] for _ in contexts]
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        ids, counts = padded([contexts[n] for n in part])
        decoder = RaggedDecoder(model, len(part), ids.shape[1] + limit + 1)
        rows = torch.arange(len(part))
        hidden = decoder.feed(rows, ids, counts)[rows, counts - 1]
        heat = torch.tensor([float(temperatures[n]) for n in part])
        numbers = part
        for _ in range(limit):
            chosen = draw(logits_of(model, hidden), heat, generator)
            for number, token in zip(numbers, chosen.tolist()):
                written[number].append(token)
            open_rows = torch.tensor([token not in stops for token in chosen.tolist()])
            if not open_rows.any():
                break
            if open_rows.sum() < 0.8 * len(open_rows):      # finished rows cost until they are dropped
                kept = open_rows.nonzero()[:, 0]
                decoder.keep(kept)
                chosen, heat = chosen[kept], heat[kept]
                numbers = [numbers[n] for n in kept.tolist()]
            rows = torch.arange(len(numbers))
            hidden = decoder.feed(rows, chosen[:, None], torch.ones(len(numbers), dtype=torch.long))[:, 0]
        for number in part:
            end = next((n for n, token in enumerate(written[number], 1) if token in stops), None)
            del written[number][end:]
    return written
