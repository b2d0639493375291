// Preloaded into a program (LD_PRELOAD), it stops the program before its first line, when the loader has done its work: whoever
// started it attaches a tracer and lets it go on (SIGCONT), and what the tracer makes fail is the program's own.
#include <signal.h>
#include <stdlib.h>

__attribute__((constructor)) static void gate(void) {
  unsetenv("LD_PRELOAD");
  raise(SIGSTOP);
}
