# pth: libpth (lib/) and one small program per stage (bin/).
# make; make demo; make check; make install PREFIX=/usr/local

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/pth
VERSION := 0.1.0

# CFLAGS, LDFLAGS and LDLIBS are the user's; the rest is ours.
CC      ?= cc
CFLAGS  ?= -O2 -g
B       ?= build
BIN     ?= bin
PKGS     = yaml-0.1 jansson libcrypto
WARN     = -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wvla -Wformat=2 -Wundef
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDENLD = -pie -Wl,-z,relro,-z,now
ifdef SAN
HARDEN   = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDENLD = -fsanitize=address,undefined
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPTH_VERSION='"$(VERSION)"' -iquote lib -include lib/banned.h \
           $(WARN) $(HARDEN) $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
ALL_LIBS = $(shell pkg-config --libs $(PKGS)) $(LDLIBS)

LIB   := $(patsubst lib/%.c,$(B)/lib/%.o,$(wildcard lib/*.c))
TOOLS := $(patsubst bin/%.c,$(BIN)/%,$(wildcard bin/pth-*.c))
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

all: $(TOOLS)

$(B)/libpth.a: $(LIB)
	@rm -f $@; ar rcs $@ $^
$(B)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/bin/%.o: bin/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BIN)/pth-%: $(B)/bin/pth-%.o $(B)/libpth.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDENLD) $(LDFLAGS) -o $@ $< $(B)/libpth.a $(ALL_LIBS)
$(B)/unit/%: tests/unit/%.c $(B)/libpth.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(HARDENLD) $(LDFLAGS) -o $@ $< $(B)/libpth.a $(ALL_LIBS)

-include $(wildcard $(B)/*/*.d)

clean:
	rm -rf build $(TOOLS)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all clean
