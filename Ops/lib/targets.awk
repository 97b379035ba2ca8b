# Reads `swift package describe --type json` (its fixed layout: one key per line, targets indented by four) and prints
# one line per target: name, path, dependencies.
/^  "targets" : \[/ { targets = 1; next }
targets && /^    \{/ { name = path = dependencies = ""; list = 0 }
targets && /^      "name" :/ { name = value($0) }
targets && /^      "path" :/ { path = value($0) }
targets && /^      "(target|product)_dependencies" : \[/ { list = 1; next }
targets && /^      \]/ { list = 0 }
targets && list { dependencies = dependencies " " value($0) }
targets && /^    \}/ { print name, path dependencies }

function value(line) {
    sub(/^[^:]*: "/, "", line)
    gsub(/[",]|^ +/, "", line)
    return line
}
