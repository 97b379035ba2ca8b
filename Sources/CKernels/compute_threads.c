#include "compute_threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

// Waiting spins first, since most joins are a few microseconds away, and then sleeps, since a thread that only spins
// starves its neighbours on a shared machine.
#define SPIN_NANOSECONDS 30000
#define PAUSES_PER_CLOCK_READ 32

/// A counter that threads wait on. `sleepers` lets the signaller skip the lock when everybody spins.
typedef struct {
    _Alignas(128) atomic_uint value;
    atomic_uint sleepers;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} gate;

struct gq_threads {
    gate start;
    gate finish;
    // Generation of the job in the upper half, then whether it still takes members, then how many are inside.
    _Alignas(128) atomic_ullong entry;
    _Alignas(128) atomic_int next_chunk;
    void (*body)(void *context, int32_t member, int32_t chunk);
    void *context;
    int32_t chunks;
    atomic_int stopping;
    pthread_mutex_t turn;
    int32_t count;
    int32_t started;
    pthread_t *handles;
};

typedef struct {
    gq_threads *threads;
    int32_t member;
} member_argument;

static void gate_init(gate *g) {
    atomic_init(&g->value, 0);
    atomic_init(&g->sleepers, 0);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
}

static void gate_destroy(gate *g) {
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->changed);
}

static void gate_open(gate *g) {
    atomic_fetch_add(&g->value, 1);
    if (atomic_load(&g->sleepers) == 0) return;
    pthread_mutex_lock(&g->lock);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static int64_t nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// Returns once the gate's value differs from `seen`.
static void gate_wait(gate *g, unsigned seen) {
    int64_t deadline = 0;
    for (;;) {
        for (int i = 0; i < PAUSES_PER_CLOCK_READ; i++) {
            if (atomic_load_explicit(&g->value, memory_order_acquire) != seen) return;
            pause_briefly();
        }
        int64_t now = nanoseconds();
        if (deadline == 0) deadline = now + SPIN_NANOSECONDS;
        if (now >= deadline) break;
    }
    pthread_mutex_lock(&g->lock);
    atomic_fetch_add(&g->sleepers, 1);
    while (atomic_load(&g->value) == seen) pthread_cond_wait(&g->changed, &g->lock);
    atomic_fetch_sub(&g->sleepers, 1);
    pthread_mutex_unlock(&g->lock);
}

#define ENTRY_OPEN 0x80000000ull
#define ENTRY_INSIDE 0x7fffffffull

static unsigned generation_of(unsigned long long entry) { return (unsigned)(entry >> 32); }

static void work(gq_threads *t, int32_t member) {
    for (;;) {
        int32_t chunk = atomic_fetch_add(&t->next_chunk, 1);
        if (chunk >= t->chunks) return;
        t->body(t->context, member, chunk);
    }
}

/// Joins the open job, if there is one other than `last`. Returns whether it did; `last` is then its generation.
static int enter(gq_threads *t, unsigned *last) {
    unsigned long long entry = atomic_load(&t->entry);
    while ((entry & ENTRY_OPEN) && generation_of(entry) != *last) {
        if (atomic_compare_exchange_weak(&t->entry, &entry, entry + 1)) {
            *last = generation_of(entry);
            return 1;
        }
    }
    return 0;
}

static void leave(gq_threads *t) {
    const unsigned long long entry = atomic_fetch_sub(&t->entry, 1) - 1;
    // The last one out of a closed job: the caller waits.
    if (!(entry & (ENTRY_OPEN | ENTRY_INSIDE))) gate_open(&t->finish);
}

static void *member_main(void *raw) {
    member_argument argument = *(member_argument *)raw;
    free(raw);
    gq_threads *t = argument.threads;
    unsigned last = 0;
    for (;;) {
        gate_wait(&t->start, last);
        if (atomic_load(&t->stopping)) return NULL;
        if (enter(t, &last)) {
            work(t, argument.member);
            leave(t);
        } else {
            // Too late for a job that is closed by now: wait for the next one.
            const unsigned long long entry = atomic_load(&t->entry);
            if (!(entry & ENTRY_OPEN)) last = generation_of(entry);
        }
    }
}

gq_threads *gq_threads_create(int32_t count) {
    void *memory = NULL;
    if (posix_memalign(&memory, 128, sizeof(gq_threads)) != 0) return NULL;
    gq_threads *t = memory;
    *t = (gq_threads){.count = count};
    gate_init(&t->start);
    gate_init(&t->finish);
    pthread_mutex_init(&t->turn, NULL);
    t->handles = calloc((size_t)count, sizeof(pthread_t));
    // Signals are for the threads that the program starts itself.
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int failed = t->handles == NULL;
    for (int32_t i = 1; i < count && !failed; i++) {
        member_argument *argument = malloc(sizeof *argument);
        if (argument == NULL) {
            failed = 1;
            break;
        }
        *argument = (member_argument){t, i};
        if (pthread_create(&t->handles[i], NULL, member_main, argument) != 0) {
            free(argument);
            failed = 1;
            break;
        }
        t->started += 1;
    }
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (failed) {
        gq_threads_destroy(t);
        return NULL;
    }
    return t;
}

void gq_threads_destroy(gq_threads *t) {
    atomic_store(&t->stopping, 1);
    gate_open(&t->start);
    for (int32_t i = 1; i <= t->started; i++) pthread_join(t->handles[i], NULL);
    gate_destroy(&t->start);
    gate_destroy(&t->finish);
    pthread_mutex_destroy(&t->turn);
    free(t->handles);
    free(t);
}

void gq_threads_share(gq_threads *t, int32_t chunks, void (*body)(void *context, int32_t member, int32_t chunk),
                      void *context) {
    if (t->count == 1 || chunks <= 1) {
        for (int32_t i = 0; i < chunks; i++) body(context, 0, i);
        return;
    }
    pthread_mutex_lock(&t->turn);
    const unsigned finished = atomic_load(&t->finish.value);
    t->body = body;
    t->context = context;
    t->chunks = chunks;
    atomic_store(&t->next_chunk, 0);
    const unsigned long long generation = atomic_load(&t->start.value) + 1u;
    atomic_store(&t->entry, (generation & 0xffffffffull) << 32 | ENTRY_OPEN);
    gate_open(&t->start);
    work(t, 0);
    if (atomic_fetch_and(&t->entry, ~ENTRY_OPEN) & ENTRY_INSIDE) gate_wait(&t->finish, finished);
    pthread_mutex_unlock(&t->turn);
}
