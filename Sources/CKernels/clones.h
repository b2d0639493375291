#ifndef CLONES_H
#define CLONES_H

// Nothing may be fused: a product added in one step is rounded once, not twice, and only some processors can do it.
#pragma STDC FP_CONTRACT OFF

// Several instruction sets side by side need the loader's help (ifunc).
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLONES
#endif

#define INLINE static inline __attribute__((always_inline))

// Vectors are passed between inlined functions only.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#endif
