#include "variants.h"

#include <math.h>

void gq_merge_slices(const gq_logit_slice *slices, size_t count, gq_statistics *result) {
    float top = -INFINITY;
    int32_t is_finite = count > 0;
    for (size_t i = 0; i < count; i++) {
        top = slices[i].maximum > top ? slices[i].maximum : top;
        is_finite &= slices[i].is_finite;
    }
    double mass = 0, moment = 0;
    for (size_t i = 0; i < count; i++) {
        // e^(x - top) (x - top) = e^below e^(x - m) ((x - m) + below)
        const double below = (double)slices[i].maximum - (double)top, weight = exp(below);
        mass += weight * slices[i].mass;
        moment += weight * (slices[i].moment + below * slices[i].mass);
    }
    const double entropy = log(mass) - moment / mass;
    result->maximum = top;
    result->is_finite = is_finite;
    result->log_sum_exp = (double)top + log(mass);
    result->entropy = entropy > 0 || entropy != entropy ? entropy : 0;
}

void gq_merge_ranks(gq_ranked_token *best, const gq_ranked_token *other, size_t capacity) {
    for (size_t i = 0; i < capacity; i++) {
        size_t place = capacity;
        while (place > 0 && gq_ranks_before(other[i], best[place - 1])) place--;
        if (place == capacity) return;
        for (size_t j = capacity - 1; j > place; j--) best[j] = best[j - 1];
        best[place] = other[i];
    }
}
