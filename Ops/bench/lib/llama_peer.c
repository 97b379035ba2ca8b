// llama_peer MODEL.gguf THREADS: measures llama.cpp through its C API, on request, with the model kept in memory.
//
// Reads requests from standard input, one per line, in the words of `glimpq bench --requests`, and answers each with one
// line of JSON on standard output. Times are those of llama_decode and llama_synchronize alone: tokens are fixed in
// advance as in llama-bench, nothing is sampled. Preparing contexts is not timed.
//
//   decode sequences=S context=C tokens=T    T steps of S sequences that have C tokens each
//   prefill tokens=N                         N tokens of one new sequence, logits of the last
//   probe sequences=S context=C shared=0|1   one more token for each of S sequences, and the entropy of what follows;
//                                            with shared=1 the contexts differ in their last token only
//   logits ids=1,2,3 file=PATH               appends the logits of the last token as float32
//   size                                     bytes of the weights
//
// Every request takes flash=0|1 (flash attention, default 1) and threads=N.

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llama.h"

// Contexts of requests seen before are kept, so that repetitions need no new preparation.
enum { KEPT_CONTEXTS = 12, LINE_BYTES = 1 << 16 };

struct prepared {
    char key[128];
    struct llama_context *context;
};

static struct llama_model *model;
static int vocabulary;
static struct prepared kept[KEPT_CONTEXTS];
static int kept_count;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void fail(const char *message) {
    fprintf(stderr, "llama_peer: %s\n", message);
    exit(1);
}

// The value of `name=` in a request, or `otherwise`.
static const char *word(const char *line, const char *name) {
    size_t length = strlen(name);
    for (const char *at = strchr(line, ' '); at; at = strchr(at + 1, ' ')) {
        if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '=') return at + length + 2;
    }
    return NULL;
}

static int number(const char *line, const char *name, int otherwise) {
    const char *text = word(line, name);
    return text ? atoi(text) : otherwise;
}

// A token that depends on sequence and position alone.
static llama_token token_at(int sequence, int position) {
    uint64_t x = ((uint64_t)(unsigned)sequence << 32 | (unsigned)position) + 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (llama_token)((x ^ x >> 31) % (uint64_t)vocabulary);
}

static struct llama_context *new_context(int tokens, int sequences, bool unified, int flash, int threads) {
    struct llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = (uint32_t)tokens;
    parameters.n_batch = 2048;
    parameters.n_ubatch = 512;
    parameters.n_seq_max = (uint32_t)sequences;
    parameters.n_threads = parameters.n_threads_batch = threads;
    parameters.flash_attn_type = flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    parameters.kv_unified = unified;
    struct llama_context *context = llama_init_from_model(model, parameters);
    if (!context) fail("llama.cpp refuses the context");
    return context;
}

// Takes `count` tokens of `sequence` from `position` on in; the logits of the last are computed if wanted.
static void feed(
    struct llama_context *context, int sequence, int position, int count, bool wants_logits, int token_source) {
    struct llama_batch batch = llama_batch_init(512, 0, 1);
    for (int done = 0; done < count;) {
        batch.n_tokens = 0;
        for (; batch.n_tokens < 512 && done < count; done++, batch.n_tokens++) {
            batch.token[batch.n_tokens] = token_at(token_source, position + done);
            batch.pos[batch.n_tokens] = position + done;
            batch.n_seq_id[batch.n_tokens] = 1;
            batch.seq_id[batch.n_tokens][0] = sequence;
            batch.logits[batch.n_tokens] = wants_logits && done == count - 1;
        }
        if (llama_decode(context, batch) != 0) fail("llama_decode failed");
    }
    llama_synchronize(context);
    llama_batch_free(batch);
}

// The context of a request, with `sequences` sequences of `tokens` tokens each in it.
static struct llama_context *prepare(
    const char *key, int sequences, int tokens, int room, bool shared, int flash, int threads) {
    for (int i = 0; i < kept_count; i++) {
        if (strcmp(kept[i].key, key) == 0) return kept[i].context;
    }
    if (kept_count == KEPT_CONTEXTS) {
        llama_free(kept[0].context);
        memmove(kept, kept + 1, sizeof kept[0] * --kept_count);
    }
    int total = shared ? tokens + sequences * (room + 1) : sequences * (tokens + room);
    if (!shared) total = sequences * ((tokens + room + 255) / 256 * 256);
    struct llama_context *context = new_context(total, sequences, shared, flash, threads);
    for (int sequence = 0; sequence < sequences; sequence++) {
        if (shared && sequence > 0) {
            llama_memory_seq_cp(llama_get_memory(context), 0, sequence, 0, tokens);
        } else if (tokens > 0) {
            feed(context, sequence, 0, tokens, false, shared ? 0 : sequence);
        }
    }
    struct prepared *place = &kept[kept_count++];
    snprintf(place->key, sizeof place->key, "%.127s", key);
    place->context = context;
    return context;
}

static double entropy(const float *logits) {
    float maximum = logits[0];
    for (int i = 1; i < vocabulary; i++) maximum = logits[i] > maximum ? logits[i] : maximum;
    float sum = 0, weighted = 0;
    for (int i = 0; i < vocabulary; i++) {
        float e = expf(logits[i] - maximum);
        sum += e;
        weighted += e * (logits[i] - maximum);
    }
    return log(sum) - weighted / sum;
}

// Seconds of `steps` steps of one token per sequence behind `tokens` tokens; forgets the new tokens again.
static double decode(struct llama_context *context, int sequences, int tokens, int steps, bool wants_entropy) {
    struct llama_batch batch = llama_batch_init(sequences, 0, 1);
    double entropies = 0, start = now();
    for (int step = 0; step < steps; step++) {
        batch.n_tokens = sequences;
        for (int i = 0; i < sequences; i++) {
            batch.token[i] = token_at(i, tokens + step);
            batch.pos[i] = tokens + step;
            batch.n_seq_id[i] = 1;
            batch.seq_id[i][0] = i;
            batch.logits[i] = 1;
        }
        if (llama_decode(context, batch) != 0) fail("llama_decode failed");
        llama_synchronize(context);
        for (int i = 0; wants_entropy && i < sequences; i++) entropies += entropy(llama_get_logits_ith(context, i));
    }
    double seconds = now() - start;
    if (!(entropies >= 0)) fail("entropy is not a number");
    for (int i = 0; i < sequences; i++) llama_memory_seq_rm(llama_get_memory(context), i, tokens, -1);
    llama_batch_free(batch);
    return seconds;
}

static void write_logits(const char *line, int flash, int threads) {
    char path[4096];
    const char *text = word(line, "ids"), *file = word(line, "file");
    if (!text || !file) fail("logits: ids= and file= are needed");
    snprintf(path, sizeof path, "%s", file);
    path[strcspn(path, " ")] = 0;
    struct llama_context *context = new_context(1024, 1, false, flash, threads);
    struct llama_batch batch = llama_batch_init(1024, 0, 1);
    for (char *end; batch.n_tokens < 1024; text = end + 1) {
        int i = batch.n_tokens++;
        batch.token[i] = (llama_token)strtol(text, &end, 10);
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 0;
        if (*end != ',') break;
    }
    batch.logits[batch.n_tokens - 1] = 1;
    if (llama_decode(context, batch) != 0) fail("llama_decode failed");
    FILE *out = fopen(path, "ab");
    if (!out) fail("the file for logits cannot be opened");
    fwrite(llama_get_logits_ith(context, -1), sizeof(float), (size_t)vocabulary, out);
    fclose(out);
    llama_batch_free(batch);
    llama_free(context);
    printf("{\"vocabulary\": %d}\n", vocabulary);
}

static void answer(const char *line, int default_threads) {
    int flash = number(line, "flash", 1), threads = number(line, "threads", default_threads);
    int sequences = number(line, "sequences", 1), tokens = number(line, "tokens", 1);
    int length = number(line, "context", 0);
    if (strncmp(line, "size", 4) == 0) {
        printf("{\"bytes\": %llu}\n", (unsigned long long)llama_model_size(model));
    } else if (strncmp(line, "logits ", 7) == 0) {
        write_logits(line, flash, threads);
    } else if (strncmp(line, "decode ", 7) == 0) {
        struct llama_context *context = prepare(line, sequences, length, tokens, false, flash, threads);
        decode(context, sequences, length, 1, false);
        double seconds = decode(context, sequences, length, tokens, false);
        printf("{\"seconds\": %.9f, \"amount\": %d}\n", seconds, sequences * tokens);
    } else if (strncmp(line, "prefill ", 8) == 0) {
        struct llama_context *context = prepare(line, 1, 0, tokens, false, flash, threads);
        double start = now();
        feed(context, 0, 0, tokens, true, 0);
        double seconds = now() - start;
        llama_memory_clear(llama_get_memory(context), false);
        printf("{\"seconds\": %.9f, \"amount\": %d}\n", seconds, tokens);
    } else if (strncmp(line, "probe ", 6) == 0) {
        struct llama_context *context =
            prepare(line, sequences, length, 1, number(line, "shared", 0), flash, threads);
        decode(context, sequences, length, 1, true);
        double seconds = decode(context, sequences, length, 1, true);
        printf("{\"seconds\": %.9f, \"amount\": %d}\n", seconds, sequences);
    } else {
        fail("unknown request");
    }
    fflush(stdout);
}

static void silent(enum ggml_log_level level, const char *text, void *nothing) {
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
    (void)nothing;
}

int main(int count, char **arguments) {
    if (count != 3) fail("usage: llama_peer MODEL.gguf THREADS");
    llama_log_set(silent, NULL);
    llama_backend_init();
    double start = now();
    model = llama_model_load_from_file(arguments[1], llama_model_default_params());
    if (!model) fail("the model cannot be loaded");
    vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    int threads = atoi(arguments[2]);
    struct llama_context *context = new_context(512, 1, false, 1, threads);
    feed(context, 0, 0, 1, true, 0);
    if (!(entropy(llama_get_logits_ith(context, -1)) >= 0)) fail("entropy is not a number");
    llama_free(context);
    printf("{\"load_seconds\": %.9f}\n", now() - start);
    fflush(stdout);
    static char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (line[0]) answer(line, threads);
    }
    return 0;
}
