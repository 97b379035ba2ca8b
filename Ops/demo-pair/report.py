"""The figures of evaluate.py as Markdown tables. Not a program."""


def percent(share, places=1):
    return f"{100 * share:.{places}f} %"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def result_row(row):
    gap = row.get("minus_llm_alone")
    return [row["name"] + (f" ({row['draws']} draws)" if row.get("draws", 1) > 1 else ""),
            f"{percent(row['accuracy'])} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]",
            f"{100 * gap['mean']:+.1f} [{100 * gap['low']:+.1f}, {100 * gap['high']:+.1f}]" if gap else "",
            percent(row["llm_step_share"]), percent(row["llm_token_share"]),
            percent(row["llm_tokens_of_alone"]) if "llm_tokens_of_alone" in row else "", row["discarded"]]


def markdown(figures):
    parts = [
        f"{figures['count']} problems, split {figures['split']}, seed {figures['seed']}; "
        f"{figures['parameters']['slm']} and {figures['parameters']['llm']} parameters; "
        f"{figures['cpu_seconds']} CPU seconds.\n",
        table(["rule", "accuracy [95 %]", "minus LLM alone, points [95 %]", "LLM steps", "LLM tokens",
               "LLM tokens / LLM alone", "SLM tokens thrown away"], map(result_row, figures["rows"])),
        table(["steps", "signal", "n", "wrong", "AUROC [95 %]"],
              [[s["scope"], s["signal"], s["steps"], s["errors"], f"{s['auroc']:.3f} [{s['low']:.3f}, {s['high']:.3f}]"]
               for s in figures["signals"]]),
        table(["step of the SLM", "n", "wrong", "wrong in the first token"],
              [[k["kind"], k["steps"], f"{k['wrong']} ({percent(k['wrong'] / k['steps'], 2)})", k["wrong_first_token"]]
               for k in figures["errors_by_kind"]]),
        table(["H_init from (nats)", "steps", "wrong"],
              [[f"{b['start']:.1f}", b["steps"], f"{b['wrong']} ({percent(b['wrong'] / b['steps'])})"]
               for b in figures["histogram"]])]
    return "\n".join(parts)
