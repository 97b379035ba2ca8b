#ifndef CKERNELS_COMPUTE_THREADS_H
#define CKERNELS_COMPUTE_THREADS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// A fixed set of threads that share the chunks of a job; the calling thread is member 0.
typedef struct gq_threads gq_threads;

/// Starts count - 1 threads; null if the system refuses one.
gq_threads *_Nullable gq_threads_create(int32_t count);

/// Ends and joins the threads; none may be running.
void gq_threads_destroy(gq_threads *threads);

/// Runs body(context, member, 0 ..< chunks); each chunk once, on whichever member is free. Returns when all are done,
/// without waiting for members that have not woken up by then. Concurrent callers take turns.
void gq_threads_share(gq_threads *threads, int32_t chunks,
                      void (*body)(void *context, int32_t member, int32_t chunk), void *context);

#pragma clang assume_nonnull end

#endif
