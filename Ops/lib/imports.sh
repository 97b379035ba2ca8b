# shellcheck shell=bash
# The import rule: a source file imports only modules of this package (or products of its dependencies) that its target
# declares, and library targets declare only what module-edges.txt allows. The compiler misses the first inside a
# package. Needs common.sh and SCRATCH, the build folder.

# check_imports: prints each breach; fails if there is any.
check_imports() {
    local targets allowed breaches
    targets=$(swift package --package-path "$ROOT" --scratch-path "$SCRATCH" describe --type json |
        awk -f "$ROOT/Ops/lib/targets.awk")
    allowed=$(grep -v '^#' "$ROOT/Ops/lib/module-edges.txt")
    breaches=$(undeclared_imports "$targets" && forbidden_edges "$targets" "$allowed")
    [[ -z $breaches ]] && return 0
    printf '%s\n' "$breaches"
    return 1
}

# undeclared_imports TARGETS
undeclared_imports() {
    local name path dependencies known
    known=" $(awk '{ for (i = 1; i <= NF; i++) if (i != 2) print $i }' <<<"$1" | sort -u | tr '\n' ' ') "
    while read -r name path dependencies; do
        grep -rnE --include='*.swift' '^ *(@[A-Za-z_()]+ +)*((public|package|internal|fileprivate|private) +)?import ' \
            "$ROOT/$path" 2>/dev/null |
            sed -E "s|^$ROOT/||; s/^([^:]*:[0-9]+):.*import +((struct|class|enum|protocol|func|var|let|typealias) +)?([A-Za-z_0-9]+).*/\1 \4/" |
            while read -r place module; do
                [[ $known == *" $module "* && " $name $dependencies " != *" $module "* ]] &&
                    printf '%s: imports %s, which target %s does not declare in Package.swift\n' "$place" "$module" "$name"
            done
    done <<<"$1"
    return 0
}

# forbidden_edges TARGETS ALLOWED
forbidden_edges() {
    local name path dependencies dependency may
    while read -r name path dependencies; do
        [[ $path == Tests/* ]] && continue
        may=$(awk -v name="$name" '$1 == name' <<<"$2")
        if [[ -z $may ]]; then
            printf 'Package.swift: target %s is not in Ops/lib/module-edges.txt\n' "$name"
            continue
        fi
        for dependency in $dependencies; do
            [[ " $may " == *" $dependency "* ]] ||
                printf 'Package.swift: target %s may not depend on %s (Ops/lib/module-edges.txt)\n' "$name" "$dependency"
        done
    done <<<"$1"
    return 0
}
