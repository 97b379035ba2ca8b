# shellcheck shell=bash
# Rules about the text of the sources: file length and words that stand for unfinished or unsafe code. Needs common.sh.

readonly LONGEST_FILE=400

# source_files: what we wrote, without data and golden values; also files that are not committed yet.
source_files() {
    (cd "$ROOT" && git ls-files --cached --others --exclude-standard -- Sources Tests Migrations Ops .ci Package.swift) |
        grep -E '\.(swift|c|h|modulemap|sql|sh|py|awk)$|^(Ops|\.ci)/([^.]+/)?[^./]+$' |
        while read -r file; do if [[ -f $ROOT/$file ]]; then printf '%s\n' "$file"; fi; done
}

# line_table: files, lines, median, p90 and maximum per module.
line_table() {
    (cd "$ROOT" && source_files | tr '\n' '\0' | xargs -0 wc -l) |
        awk '$2 != "total" { n = split($2, part, "/"); print (n > 2 ? part[1] "/" part[2] : part[1]), $1 }' |
        sort -k1,1 -k2,2n |
        awk '
            function flush() {
                if (count) printf row, group, count, sum, line[int((count + 1) / 2)], line[int(count * 0.9 + 0.999)], line[count]
                count = sum = 0
            }
            BEGIN { row = "%-28s %6s %8s %8s %6s %6s\n"; printf row, "module", "files", "lines", "median", "p90", "max" }
            $1 != group { flush(); group = $1 }
            { line[++count] = $2; sum += $2; total += $2; files++ }
            END { flush(); printf "%-28s %6s %8s\n", "all", files, total }'
}

# check_lengths: a file above the limit says in its first lines why, with the words "longer than 400 lines because".
check_lengths() {
    local file lines status=0
    while read -r file; do
        lines=$(wc -l <"$ROOT/$file")
        if ((lines > LONGEST_FILE)) && ! head -n 10 "$ROOT/$file" | grep -qi "longer than $LONGEST_FILE lines because"; then
            printf '%s: %s lines, more than %s; split it, or say in its first lines "longer than %s lines because …"\n' \
                "$file" "$lines" "$LONGEST_FILE" "$LONGEST_FILE"
            status=1
        fi
    done < <(source_files)
    return "$status"
}

# check_words: unfinished work anywhere, traps and unchecked claims in the sources.
check_words() {
    local found
    found=$(cd "$ROOT" && {
        source_files | grep -v '^Ops/lib/sources.sh$' | tr '\n' '\0' | xargs -0 grep -nIE '\b(TODO|FIXME|XXX)\b'
        source_files | grep -E '^Sources/.*\.swift$' | tr '\n' '\0' |
            xargs -0 grep -nE '\bfatalError\b|\btry!|\bas!|\bunsafeFlags\b'
        source_files | grep -E '^(Sources|Tests)/.*\.swift$' | while read -r file; do unchecked_without_reason "$file"; done
    }) || true
    [[ -z $found ]] && return 0
    printf '%s\n' "$found"
    return 1
}

# unchecked_without_reason FILE: `@unchecked Sendable` and `nonisolated(unsafe)` need a comment in the three lines above
# or at the end of the line.
unchecked_without_reason() {
    awk -v file="$1" '
        /@unchecked Sendable|nonisolated\(unsafe\)/ && !/^ *\/\// && !/\/\/ / {
            if (above[1] above[2] above[3] !~ /\/\//) print file ":" NR ": without a written reason: " $0
        }
        { above[3] = above[2]; above[2] = above[1]; above[1] = $0 }' "$ROOT/$1"
}
