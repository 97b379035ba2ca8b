// The C boundary of the compute kernels: one table of functions per instruction set, and the compute threads.
//
// Every kernel is written once over a vector of 16 floats (variants/*.inc) and compiled once per instruction set. Each
// output element is reduced in one fixed order with fused multiply-add, whatever the number of rows, threads or lanes
// of the machine, so all tables give the same bits.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "compute_threads.h"
#include "kernel_table.h"

#endif
