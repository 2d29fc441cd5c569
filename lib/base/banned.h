/*
 * Functions that nobody here may call: they overflow, hold hidden state, or
 * go round host/proc.c. The compiler reads this file before every source file.
 * The system headers come first so that their own declarations stay legal.
 */
#ifndef PTH_BASE_BANNED_H
#define PTH_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#undef sprintf /* a macro of clang */
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf gmtime localtime ctime
#pragma GCC poison asctime mktemp tmpnam system popen atoi atol gets

#endif
