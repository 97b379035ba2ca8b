"""After a run: the invariants, and the ledger of what was put in against what came out."""
import os

TERMINAL = ("done", "failed", "cancelled", "quarantined")


async def invariants(server, root):
    """Violations of Ops/lib/invariants.sql, one line each."""
    from .server import DatabaseAway
    with open(os.path.join(root, "Ops", "lib", "invariants.sql")) as file:
        script = file.read()
    try:
        await server.psql(script, timeout=1800)
        return []
    except DatabaseAway as error:
        return [line for line in str(error).splitlines() if "CONTEXT" not in line and line.strip()]


async def outcomes(server, batch, folder, finished_since=None):
    """{custom_id: outcome} of the jobs of a batch, read from the tables and from nothing that glimpq computes."""
    path = os.path.join(folder, "outcomes.tsv")
    recent = f"AND j.finished_at > now() - interval '{finished_since} seconds'" if finished_since else ""
    with open(path, "wb") as file:
        await server.psql(
            "COPY (SELECT j.custom_id, j.state, j.epoch, coalesce(r.answer, '-'), coalesce(r.correct::text, '-'), "
            "(SELECT count(*) FROM glimpq.result x WHERE x.job_id = j.id) FROM glimpq.job j "
            "LEFT JOIN glimpq.result r ON r.job_id = j.id "
            f"WHERE j.batch_id = (SELECT id FROM glimpq.batch WHERE name = '{batch}') {recent}) TO STDOUT",
            output=file, timeout=600)
    found, twice = {}, []
    with open(path) as file:
        for line in file:
            name, state, epoch, answer, correct, results = line.rstrip("\n").split("\t")
            if name in found:
                twice.append(name)
            found[name] = {"state": state, "epoch": int(epoch), "answer": answer, "correct": correct,
                           "results": int(results)}
    os.unlink(path)
    return found, twice


def compare(ledger, found, twice):
    """Where the ledger and the database disagree; the figures of the comparison."""
    complaints = [f"{name}: twice in the database" for name in twice]
    figures = {"put in": len(ledger), "lost": 0, "double": len(twice), "wrong": 0}
    for name, fate in ledger.items():
        job = found.get(name)
        if job is None:
            figures["lost"] += 1
            complaints.append(f"{name}: put in, not in the database")
            continue
        figures[job["state"]] = figures.get(job["state"], 0) + 1
        complaint = complaint_about(fate, job)
        if complaint is None:
            continue
        kind = "lost" if job["state"] not in TERMINAL else "double" if job["results"] > 1 else "wrong"
        figures[kind] += 1
        complaints.append(f"{name}: {complaint}")
    strangers = [name for name in found if name not in ledger]
    complaints += [f"{name}: in the database, never put in" for name in strangers]
    figures["strangers"] = len(strangers)
    return figures, complaints


def complaint_about(fate, job):
    if job["state"] == "cancelled" and fate.get("may be cancelled"):
        return None if job["results"] == 0 else "cancelled, with a result"
    if job["state"] != fate["state"]:
        return f"{job['state']}, expected {fate['state']}"
    if job["results"] != (1 if job["state"] == "done" else 0):
        return f"{job['state']} with {job['results']} results"
    if job["state"] == "done" and "answer" in fate and (job["answer"] != fate["answer"] or job["correct"] != "true"):
        return f"answer {job['answer']!r} ({job['correct']}), expected {fate['answer']!r}"
    return None


async def diagnosis(server):
    """What keeps the queue from draining."""
    return {
        "states": await server.rows("SELECT state, count(*), min(run_at) AS first_due FROM glimpq.job GROUP BY 1"),
        "open": await server.rows(
            "SELECT j.id, j.custom_id, j.state, j.epoch, j.attempt, j.crash_suspect, j.infra_fails, j.run_at, "
            "j.worker_id, w.state AS worker_state, w.lease_until, w.in_flight FROM glimpq.job j "
            "LEFT JOIN glimpq.worker w ON w.id = j.worker_id "
            "WHERE j.state IN ('ready', 'delayed', 'running') ORDER BY j.id LIMIT 40"),
        "workers": await server.rows(
            "SELECT id, pid, state, lease_until, beat_at, in_flight FROM glimpq.worker "
            "WHERE state IN ('live', 'draining') OR ended_at > now() - interval '1 minute' LIMIT 40"),
        "now": (await server.row("SELECT now()"))["now"]}
