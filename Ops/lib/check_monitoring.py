"""Compares what glimpq exposes with what dashboard, alerts and runbooks name. Called by Ops/check-monitoring.

    check_monitoring.py METRICS… --dashboard FILE --alerts FILE --runbooks FOLDER

METRICS are texts as /metrics gives them, read by the parser of the prometheus_client package, which is not ours.
"""

import argparse
import json
import pathlib
import re
import sys

from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"\b(?:glimpq|process)_[a-z0-9_]+\b")
STANDARD = {"up"}


def exposed(paths):
    """All names that an expression may use."""
    names = set()
    for path in paths:
        text = path.read_text()
        seen = set()
        for family in text_string_to_metric_families(text):
            if family.name in seen:
                raise SystemExit(f"{path}: {family.name} comes twice")
            seen.add(family.name)
            if not family.documentation:
                raise SystemExit(f"{path}: {family.name} has no HELP")
            if family.type == "unknown":
                raise SystemExit(f"{path}: {family.name} has no TYPE")
            keys = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
            if len(keys) != len(set(keys)):
                raise SystemExit(f"{path}: {family.name} has two samples with the same labels")
            if family.type == "histogram":
                check_histogram(path, family)
            names |= {s.name for s in family.samples}
        declared = set(re.findall(r"^# TYPE (\S+)", text, re.M))
        names |= declared
    return names


def check_histogram(path, family):
    """Buckets rise, the last is infinite and equals the count."""
    last, count = {}, {}
    for sample in family.samples:
        labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        if sample.name.endswith("_bucket"):
            if sample.value < last.get(labels, 0):
                raise SystemExit(f"{path}: buckets of {family.name} fall")
            last[labels] = sample.value
        elif sample.name.endswith("_count"):
            count[labels] = sample.value
    if last != count:
        raise SystemExit(f"{path}: {family.name} lacks observations in its buckets")


def expressions(dashboard, alerts):
    """Where an expression stands, and the expression."""
    for panel in json.loads(dashboard.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield f"{dashboard.name}: panel {panel['title']}", target["expr"]
    for line in alerts.read_text().splitlines():
        if line.strip().startswith("expr:"):
            yield alerts.name, line.split("expr:", 1)[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("metrics", nargs="+", type=pathlib.Path)
    parser.add_argument("--dashboard", type=pathlib.Path, required=True)
    parser.add_argument("--alerts", type=pathlib.Path, required=True)
    parser.add_argument("--runbooks", type=pathlib.Path, required=True)
    options = parser.parse_args()

    known = exposed(options.metrics) | STANDARD
    used, faults = set(), []
    for place, expression in expressions(options.dashboard, options.alerts):
        for name in NAME.findall(expression):
            used.add(name)
            if name not in known:
                faults.append(f"{place}: {name} is exposed by nobody")
    text = options.alerts.read_text()
    for page in re.findall(r"runbook: Ops/runbooks/(\S+)", text):
        if not (options.runbooks / page).exists():
            faults.append(f"{options.alerts.name}: Ops/runbooks/{page} does not exist")
    alerts = re.findall(r"alert: (\S+)", text)
    if len(alerts) != text.count("runbook:"):
        faults.append(f"{options.alerts.name}: an alert has no runbook")
    for alert in alerts:
        if not any(alert in page.read_text() for page in options.runbooks.glob("*.md") if page.name != "README.md"):
            faults.append(f"{options.alerts.name}: no page names {alert}")
    print("\n".join(faults) if faults else f"{len(known)} names exposed, {len(used)} used, {len(alerts)} alerts")
    sys.exit(1 if faults else 0)


main()
