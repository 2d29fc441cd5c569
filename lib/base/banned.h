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

#define PTH_BANNED(f) sorry_##f##_is_banned

#undef strcpy
#define strcpy(a, b) PTH_BANNED(strcpy)
#undef strcat
#define strcat(a, b) PTH_BANNED(strcat)
#undef strncpy
#define strncpy(a, b, n) PTH_BANNED(strncpy)
#undef strncat
#define strncat(a, b, n) PTH_BANNED(strncat)
#undef strtok
#define strtok(a, b) PTH_BANNED(strtok)
#undef sprintf
#define sprintf(...) PTH_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) PTH_BANNED(vsprintf)
#undef gmtime
#define gmtime(t) PTH_BANNED(gmtime)
#undef localtime
#define localtime(t) PTH_BANNED(localtime)
#undef ctime
#define ctime(t) PTH_BANNED(ctime)
#undef asctime
#define asctime(t) PTH_BANNED(asctime)
#undef mktemp
#define mktemp(t) PTH_BANNED(mktemp)
#undef tmpnam
#define tmpnam(t) PTH_BANNED(tmpnam)
#undef system
#define system(c) PTH_BANNED(system)
#undef popen
#define popen(c, m) PTH_BANNED(popen)
#undef atoi
#define atoi(s) PTH_BANNED(atoi)
#undef atol
#define atol(s) PTH_BANNED(atol)
#undef gets
#define gets(s) PTH_BANNED(gets)

#endif
