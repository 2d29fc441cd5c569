# pth: libpth (lib/) and one small program per stage (bin/).
#   make; make demo; make check; make install PREFIX=/usr/local; make help
# Programs: bin/pth-X is bin/pth-X.c and libpth, which is all of lib/.

VERSION := $(shell sed -n 's/^version=//p' bin/pth)
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/pth
DOCDIR  ?= $(PREFIX)/share/doc/pth
LIBEXECDIR ?= $(PREFIX)/libexec/pth
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# CFLAGS, LDFLAGS and LDLIBS are the user's; the rest is ours. Each kind of
# build has its folder, and V=1 shows the commands: make B=build/asan BIN=build/asan/bin SAN=1.
# (:= is for files, = for what needs pkg-config: make deps comes first.)
CFLAGS  ?= -O2 -g
B       ?= build
BIN     ?= bin
WARN     = -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wvla -Wformat=2 -Wundef
PKGS     = yaml-0.1 jansson libcrypto libpcap
ifdef SAN
HARDEN   = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDENLD = -fsanitize=address,undefined
else
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
HARDENLD = -pie -Wl,-z,relro,-z,now
endif
PTH_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPTH_VERSION='"$(VERSION)"' -iquote lib \
             -include lib/base/banned.h $(WARN) $$(pkg-config --cflags $(PKGS))
COMPILE = $(CC) $(PTH_CFLAGS) $(HARDEN) $(CFLAGS) -MMD -MP
LIBS    = $(HARDENLD) -Wl,--as-needed $(LDFLAGS) $$(pkg-config --libs $(PKGS)) -lm $(LDLIBS)

LIB   := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
TOOLS := $(patsubst bin/%.c,$(BIN)/%,$(wildcard bin/pth-*.c))
UNITS := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/unit/*.c))
FUZZ  := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/fuzz/*.c))
MINIP := examples/minip/miniP_server examples/minip/miniP_client
DEPS   = tests/deps
SAY    = $(if $(V),,@echo '  $(1)  $@';)
JOBS   = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

#: all       the tools in bin/, and the sample programs; the default
all: $(B)/libpth.a $(TOOLS) $(MINIP) $(BIN)/pth $(BIN)/pth-image $(BIN)/pth-ivy
#: units     the same, and the unit tests
units: all $(UNITS)

$(B)/libpth.a: $(LIB)
	@rm -f $@.new; ar qcs $@.new $^ && mv $@.new $@
$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call SAY,CC)$(COMPILE) -c -o $@ $<
$(BIN)/pth-%: $(B)/bin/pth-%.o $(B)/libpth.a
	@mkdir -p $(@D)
	$(call SAY,LD)$(CC) -o $@ $^ $(LIBS)
# Process 1 of containers: static, so that every image will do.
$(BIN)/pth-init: $(B)/bin/pth-init.o $(B)/libpth.a
	@mkdir -p $(@D)
	$(call SAY,LD)$(CC) -o $@ $^ $(if $(SAN),$(LIBS),-static $(LDFLAGS) -ljansson -lyaml) \
		-lresolv -lm
ifneq ($(BIN),bin)
$(BIN)/pth $(BIN)/pth-image $(BIN)/pth-ivy: $(BIN)/%: bin/%
	@mkdir -p $(@D)
	cp $< $@
endif
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libpth.a
	@mkdir -p $(@D)
	$(call SAY,LD)$(CC) -o $@ $^ $(LIBS) -lresolv
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libpth.a
	@mkdir -p $(@D)
	$(call SAY,LD)$(COMPILE) -fsanitize=fuzzer -o $@ $< $(B)/libpth.a $(LIBS) -lresolv
# The sample programs stand alone, as the programs under test do.
examples/minip/miniP_%: examples/minip/miniP_%.c examples/minip/minip.c examples/minip/minip.h
	$(call SAY,CC)$(CC) -std=c11 -D_POSIX_C_SOURCE=200809L $(WARN) $(CFLAGS) $(LDFLAGS) -o $@ \
	  $(filter %.c,$^)

#: demo      a ping-pong and a QUIC download, with reports
demo:
	@$(DEPS) build run && $(MAKE) $(JOBS) all && examples/demo
#: check     the tests; TESTS="plan_test unit/buf" some of them
check:
	@$(DEPS) build run check && $(MAKE) $(JOBS) units && tests/run $(TESTS)
#: stress    faults at length: killed processes, full disks; make check has them in short
stress:
	@$(DEPS) build run check && $(MAKE) $(JOBS) all && \
	PTH_STRESS=long tests/run -t 7200 stress_test
#: lint      what can be found without running
lint:
	@$(DEPS) build check lint && CC='$(CC)' tests/lint $(PTH_CFLAGS)
#: asan      the tests with the sanitizers of addresses and undefined behaviour
asan:
	@$(DEPS) build run check && $(MAKE) $(JOBS) B=build/asan BIN=build/asan/bin SAN=1 units && \
	PTH_BUILD=build/asan tests/run $(TESTS)
#: mutate    breaks pth in small ways and shows what no test notices; SINCE=REVISION, FILES=...
mutate:
	@$(DEPS) build run check && tests/mutate/run $(if $(SINCE),-d $(SINCE)) -s $(or $(SEED),1) \
	  -n $(or $(MUTANTS),20) $(if $(BUDGET),-b $(BUDGET)) $(FILES)
#: valgrind  the tools and unit tests under memcheck
valgrind:
	@$(DEPS) build run check lint && $(MAKE) $(JOBS) units && tests/valgrind
#: fuzz      each parser for FUZZ_SECONDS=30
fuzz:
	@$(DEPS) build fuzz && $(MAKE) $(JOBS) B=build/fuzz BIN=build/fuzz/bin CC=clang SAN=1 \
	  CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzzers && \
	tests/fuzz/run $(or $(FUZZ_SECONDS),30)
fuzzers: $(FUZZ)
#: bench     how long things take
bench:
	@$(DEPS) build run check && $(MAKE) $(JOBS) all && tests/bench/run
#: peers     builds other QUIC implementations from their registries: tests/peers/README.md
peers:
	@tests/peers/build $(PEERS)
#: check-peers  each of them as server and client against the others, and over links
check-peers:
	@$(DEPS) build run && $(MAKE) $(JOBS) all && tests/peers/check && tests/peers/links
#: ivy       installs the compiler of Ivy from PyPI, for formal testers: man pth-ivy
ivy:
	@bin/pth-ivy install
#: check-ivy  specifications in Ivy against implementations
check-ivy:
	@$(DEPS) build run ivy && $(MAKE) $(JOBS) all && tests/ivy/check
#: deps      installs the Debian packages that all of this needs
deps:
	@$(DEPS) build run check lint fuzz

# Completions are made of what the tools say with --help.
#: completion  build/completion/pth.bash, _pth, pth.fish: for bash, zsh and fish
COMPLETED = $(notdir $(TOOLS)) pth-clean pth-image pth-ivy
COMPLETE  = share/completion.sh $(1) $(BIN)/pth $(TOOLS) bin/pth-clean bin/pth-image bin/pth-ivy
completion: all
	@mkdir -p $(B)/completion
	$(call COMPLETE,bash) >$(B)/completion/pth.bash
	$(call COMPLETE,zsh) >$(B)/completion/_pth
	$(call COMPLETE,fish) >$(B)/completion/pth.fish

# The folders that install makes are noted, for uninstall to take them away.
FOLDERS = $(BINDIR) $(LIBEXECDIR) $(DOCDIR)/examples $(DATADIR) $(addprefix $(MANDIR)/man,1 5 7) \
          $(BASHDIR) $(ZSHDIR) $(FISHDIR)
NOTED   = $(DESTDIR)$(DATADIR)/folders
#: install   into PREFIX=/usr/local, below DESTDIR=
install: all completion
	@for d in $(FOLDERS); do \
	  while [ -n "$$d" ] && [ ! -d "$(DESTDIR)$$d" ]; do echo "$$d"; d=$${d%/*}; done; \
	done >$(B)/folders
	install -d $(addprefix $(DESTDIR),$(FOLDERS))
	@cat $(B)/folders >>$(NOTED); rm -f $(B)/folders
	install $(filter-out %.c %.o,$(wildcard bin/pth-*)) bin/pth $(DESTDIR)$(BINDIR)
	install $(MINIP) $(DESTDIR)$(LIBEXECDIR)
	cp -R share/plugins share/templates share/image share/causes.yaml $(DESTDIR)$(DATADIR)
	install -d $(DESTDIR)$(DATADIR)/peers
	cp -R $(addprefix share/peers/,aioquic quic_go quiche quinn cli.rs) \
	  $(DESTDIR)$(DATADIR)/peers
	install -m 644 README.md NEWS LICENSE $(DESTDIR)$(DOCDIR)
	install -m 644 $(wildcard examples/*.yaml) $(DESTDIR)$(DOCDIR)/examples
	for n in 1 5 7; do install -m 644 man/*.$$n $(DESTDIR)$(MANDIR)/man$$n || exit; done
	install -m 644 $(B)/completion/pth.bash $(DESTDIR)$(BASHDIR)/pth
	install -m 644 $(B)/completion/_pth $(DESTDIR)$(ZSHDIR)
	install -m 644 $(B)/completion/pth.fish $(DESTDIR)$(FISHDIR)
	for t in $(COMPLETED); do ln -sf pth $(DESTDIR)$(BASHDIR)/$$t && \
	  ln -sf pth.fish $(DESTDIR)$(FISHDIR)/$$t.fish || exit; done
#: uninstall  what install has put there, and the folders that it made, when they are empty
uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,pth \
	  $(notdir $(filter-out %.c %.o,$(wildcard bin/pth-*)) $(TOOLS)))
	rm -f $(foreach n,1 5 7,$(addprefix $(DESTDIR)$(MANDIR)/man$(n)/,\
	  $(notdir $(wildcard man/*.$(n)))))
	rm -f $(DESTDIR)$(ZSHDIR)/_pth $(addprefix $(DESTDIR)$(BASHDIR)/,pth $(COMPLETED)) \
	  $(patsubst %,$(DESTDIR)$(FISHDIR)/%.fish,pth $(COMPLETED))
	@mkdir -p $(B) && sort -ru $(NOTED) >$(B)/folders 2>/dev/null || :
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
	@while read -r d; do rmdir "$(DESTDIR)$$d" 2>/dev/null || :; done <$(B)/folders; \
	rm -f $(B)/folders
#: dist      build/pth-VERSION.tar.gz of the last commit
dist:
	@mkdir -p build
	git archive --prefix=pth-$(VERSION)/ -o build/pth-$(VERSION).tar.gz HEAD
	@echo build/pth-$(VERSION).tar.gz
#: clean     takes away what was built
clean:
	rm -rf build $(TOOLS) $(MINIP)

#: help      this list
help:
	@echo 'make [TARGET]... [V=1] [CFLAGS=...]; the targets:'
	@sed -n 's/^#: \([a-z-]*\) */\1\t/p' Makefile | while IFS='	' read -r name text; do \
	  printf '  %-12s %s\n' "$$name" "$$text"; done

-include $(wildcard $(B)/lib/*/*.d $(B)/bin/*.d $(B)/tests/unit/*.d $(B)/fuzz/*.d)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all units fuzzers demo check stress lint asan mutate valgrind fuzz bench peers \
        check-peers ivy check-ivy deps completion install uninstall dist clean help
