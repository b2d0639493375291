#ifndef CLONES_H
#define CLONES_H

// Nothing may be fused: a product added in one step is rounded once, not twice, and only some processors can do it.
#pragma STDC FP_CONTRACT OFF

// Several instruction sets side by side need the loader's help (ifunc), at a moment when no sanitizer is ready yet.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#endif
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && !defined(IS_SANITIZED)
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
