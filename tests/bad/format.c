/* What clang-format has to find. */
int f(void);

int f(void) { return 0; }
