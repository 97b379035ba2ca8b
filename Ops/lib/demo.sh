# shellcheck shell=bash disable=SC2154 # the options are those of Ops/demo
# The parts of Ops/demo. Needs common.sh, process.sh and postgres.sh, and the options as variables.

readonly DEMO_BATCHES="ARRAY['demo-slm', 'demo-llm', 'demo-glimprouter']"

# number OPTION VALUE MAXIMUM: prints the value if it is a whole number from 1 to the maximum.
number() {
    if ! [[ $2 =~ ^[1-9][0-9]{0,6}$ ]] || (($2 > $3)); then
        fail "$EXIT_USAGE" "$1: expected a whole number from 1 to $3, got '$2'"
    fi
    printf '%s\n' "$2"
}

# phase TITLE: says what begins, and how long the demonstration has been running.
phase() { say "[$((SECONDS / 60)):$(printf '%02d' $((SECONDS % 60)))] $1"; }

# demo_sql ARGUMENT…: psql without the person's own settings.
demo_sql() { PGOPTIONS='-c client_min_messages=warning' postgres_client -X -q -v ON_ERROR_STOP=1 "$PG_URL" "$@"; }

demo_fresh_database() {
    postgres_client -X -q -v ON_ERROR_STOP=1 "${PG_URL/glimpq\?/postgres?}" \
        -c 'drop database if exists glimpq with (force)' -c 'create database glimpq' >/dev/null 2>&1 ||
        fail "$EXIT_ENVIRONMENT" "the database of the last run cannot be dropped; try: Ops/postgres remove --name demo"
}

# demo_enqueue STRATEGY [ARGUMENT…]: greedy decoding, so that every run gives the same answers.
demo_enqueue() {
    local strategy=$1
    shift
    head -n "$problems" "$ROOT/Ops/demo-pair/problems/test-500.jsonl" |
        "$GLIMPQ" enqueue - --batch "demo-$strategy" --strategy "$strategy" --param temperature=0 \
            --models "$ROOT/Config/models.demo.json" "$@" >&2
}

demo_worker() {
    exec "$GLIMPQ" worker --models "$ROOT/Config/models.demo.json" --in-flight "$in_flight" --threads "$threads" \
        --exit-when-idle >"$ROOT/.glimpq/demo/worker-$1.log" 2>&1
}

# demo_solve: runs the workers to their end and shows how far they are.
demo_solve() {
    local i pids=() status failed=0
    for ((i = 1; i <= workers; i++)); do
        start demo_worker "$i" 8>&-
        pids+=("$STARTED")
    done
    start demo_progress "${pids[@]}" 8>&-
    local progress=$STARTED
    for ((i = 1; i <= workers; i++)); do
        status=0
        finish "${pids[i - 1]}" || status=$?
        if ((status != 0)); then
            say "worker $i ended with status $status; .glimpq/demo/worker-$i.log ends:"
            tail -n 5 "$ROOT/.glimpq/demo/worker-$i.log" >&2
            failed=1
        fi
    done
    finish "$progress" || true
    ((failed == 0)) || fail "$EXIT_FAILED" "a worker failed; finished work is kept in the database until the next run"
    demo_check
}

# demo_progress PID…: one line while any of the workers lives; rewritten on a terminal.
demo_progress() {
    local line='' last=''
    while [[ -n $(still_alive "$@") ]]; do
        line=$(demo_sql -At -c "
            SELECT string_agg(format('%s %s/%s', substr(batch, 6), total - open, total), '   ' ORDER BY batch_id)
            FROM glimpq.v_batch_progress" 2>/dev/null) || line=''
        if [[ -t 2 ]]; then
            printf '\r\033[K       %s' "$line" >&2
        elif [[ $line != "$last" ]] && ((SECONDS % 5 == 0)); then
            say "       $line"
            last=$line
        fi
        sleep 1
    done
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

# demo_check: every problem has its result.
demo_check() {
    local open
    open=$(demo_sql -At -c "SELECT count(*) FROM glimpq.job WHERE state <> 'done'")
    [[ $open == 0 ]] || fail "$EXIT_FAILED" \
        "$open jobs have no result; see: $GLIMPQ status, or SELECT * FROM glimpq.v_error_summary"
}

# The report in the order of enqueueing, without what only programs want.
readonly DEMO_REPORT="
    SELECT r.*, array_position(ARRAY['slm', 'llm', 'glimprouter'], r.strategy) AS place
    FROM glimpq.strategy_report($DEMO_BATCHES) r"

demo_table() {
    demo_sql -P border=0 -P footer=off -c "
        SELECT strategy || coalesce(' (tau ' || (strategy_params->>'tau') || ')', '') AS strategy,
            format('%s %%', round(accuracy::numeric * 100, 1)) AS accuracy,
            format('%s–%s %%', round(accuracy_low::numeric * 100, 1), round(accuracy_high::numeric * 100, 1)) AS \"95 % interval\",
            format('%s %%', round(llm_step_share::numeric * 100, 1)) AS \"LLM steps\",
            format('%s %%', round(llm_token_share::numeric * 100, 1)) AS \"LLM tokens\",
            round(compute_relative_to_llm::numeric, 3) AS \"decode compute\",
            round(total_compute_relative_to_llm::numeric, 3) AS \"with prefill\",
            round(problems_per_minute::numeric) AS \"problems/min\"
        FROM ($DEMO_REPORT) r ORDER BY place"
}

demo_table_json() {
    demo_sql -At -c "SELECT coalesce(json_agg(row_to_json(r) ORDER BY place), '[]') FROM ($DEMO_REPORT) r"
}

# demo_conclusion: what routing saved, with its price, and what to look at next.
demo_conclusion() {
    local url_command="export GLIMPQ_DATABASE_URL=\"\$(Ops/postgres start --name demo)\""
    demo_sql -At -c "
        SELECT format('GlimpRouter let the large model write %s %% of the steps and %s %% of the tokens it writes alone:' || E'\n%s %% correct, the large model alone %s %%, the small model alone %s %%.',
            round(g.llm_step_share::numeric * 100), round(g.llm_tokens::numeric / l.llm_tokens * 100),
            round(g.accuracy::numeric * 100, 1), round(l.accuracy::numeric * 100, 1), round(s.accuracy::numeric * 100, 1))
        FROM ($DEMO_REPORT) g, ($DEMO_REPORT) l, ($DEMO_REPORT) s
        WHERE g.strategy = 'glimprouter' AND l.strategy = 'llm' AND s.strategy = 'slm'"
    cat <<NEXT

Compute is parameters × tokens, relative to the large model alone; prefill is the price of letting two models read one text.
Look closer (the data stay until the next run):
  $url_command
  .build/release/glimpq trace div-000001 --batch demo-glimprouter     # or --html trace.html
  .build/release/glimpq results --batch demo-glimprouter | head -n 3
  Ops/postgres psql --name demo -c "SELECT * FROM glimpq.what_if('demo-glimprouter', 0.5)"
NEXT
}
