#!/bin/sh
# The template language from outside; its cases are run by unit/template.
. "$TOP/tests/lib.sh"

render() { # template words...
	printf '%s' "$1" >t.j2
	shift
	run pth-render -n -t t.j2 "$@"
}

testCasesAreMany() {
	n=$(cat "$TOP"/tests/golden/template/[!r]* | grep -c '^[oeO]')
	assertTrue "$n lines of expected output" "[ $n -gt 1000 ]"
}

# Every filter and test of the sources is in the manual, and the other way round.
named() { # files: names of the rows of the tables, { "name", ... or MACRO(name)
	grep -hE '^	(\{ "|[A-Z]+\()' "$@" | grep -oE '(\{ |[A-Z]+\()"?[a-z_]+' |
		sed 's/.*[{( "]//' | sort -u
}

listed() { # section: the words of its .It Ic lines, without arguments
	sed -n "/^\\.Ss $1/,/^\\.Ss /s/^\\.It Ic //p" "$TOP/man/pth-template.5" |
		sed 's/([^)]*)//g; s/ Ar [a-z]*//g; s/\bIc\b//g; s/\bNs\b//g; s/,/ /g' |
		tr -s ' ' '\n' | sed '/^$/d' | sort -u
}

testFiltersAreInTheManual() {
	named "$TOP"/lib/template/filter.c "$TOP"/lib/template/list.c \
		"$TOP"/lib/template/text.c "$TOP"/lib/template/shape.c \
		"$TOP"/lib/template/html.c >have
	listed Filters >said
	assertTrue 'filters are found' '[ $(wc -l <have) -gt 40 ]'
	assertEquals "$(cat have)" "$(cat said)"
}

testTestsAreInTheManual() {
	named "$TOP"/lib/template/is.c >have
	listed Tests >said
	assertTrue 'tests are found' '[ $(wc -l <have) -gt 20 ]'
	assertEquals "$(cat have)" "$(cat said)"
}

# The shell gets each byte as it is: every one but NUL, as one word.
testQuoteKeepsEveryByte() {
	need python3 python3 || return
	python3 -c 'import json
w = "".join(map(chr, range(1, 128))) + "é€ $(id) `id` ; \\n"
print(json.dumps({"w": w}))' >d.json
	python3 -c 'import json, sys; sys.stdout.write(json.load(open("d.json"))["w"])' >expected
	render 'printf %s {{ w|quote }}' --data d.json
	assertCode 0
	pth-render -n -t t.j2 --data d.json >script
	sh script >got
	assertTrue 'the word is unchanged' 'cmp expected got'
}

# The yaml filter: any YAML reader gets the value back.
testYamlIsRead() {
	/usr/bin/python3 -c 'import yaml' 2>/dev/null ||
		skip 'needs python3-yaml (package python3-yaml)' || return
	cat >d.json <<'END'
{"v": ["plain", "yes", "No", "on", "~", "null", "", " x", "x ", "1", "1.5", "0x1f", "1e3", "-",
  "- a", "a: b", "a #b", "#", "{", "[1]", "*a",
 "&a", "!a", "|", ">", "%a", "@a", "`a", "'q'", "\"", "a\nb", "\t", "\u0085", "\u2028", "é",
 "😀", "2001-01-01", "12:30:45", "=", "<<", ".inf", ".", "a.b/c-d", "/x", "true", 1, 2.5, true,
 false, null, {"k y": ["x", {}], "yes": []}, "\u0001\u007f", "a:", "?x", "y", "N"]}
END
	render '{{ v|yaml }}' --data d.json
	assertCode 0
	printf '%s\n' "$out" >o.yaml
	/usr/bin/python3 -c '
import json, yaml
want = json.load(open("d.json"))["v"]
got = yaml.safe_load(open("o.yaml", encoding="utf-8"))
for w, g in zip(want, got):
    assert w == g and type(w) is type(g), (w, g)
assert len(want) == len(got)'
	assertEquals 0 $?
}

testHostileTemplatesEndSoon() {
	python3 -c 'print("{{ " + "(" * 1000000)' >t.j2
	assertSoon 5 sh -c 'timeout 5 pth-render -n -t t.j2; [ $? = 3 ]'
	printf '{%% for i in range(10**12) %%}x{%% endfor %%}' >t.j2
	run pth-render -n -t t.j2
	assertCode 3
	assertMatch "$err" '^(pth-render: )?t\.j2:1:1: loops of more than'
	printf 'a\nb {%% include "t.j2" %%}' >t.j2
	run pth-render -n -t t.j2
	assertCode 3
	assertMatch "$err" 't\.j2:2:3: .*included by itself'
	printf 'a\nb\377' >t.j2
	run pth-render -n -t t.j2
	assertCode 3
	assertMatch "$err" 't\.j2:2:2: byte 0xff'
}

. shunit2
