#!/bin/sh
# completion.sh bash|zsh|fish TOOL...: write the completion of that shell for these programs, pth
# and its tools, made of what each says with --help: all list their options there in one form.
set -u
shell=$1
shift

# What stands at the place of an operand, by program and command: words, or DIR, FILE, YAML, PLUGIN.
operands() {
	kinds='protocol service iut tester network execution'
	cat <<-END
	pth run YAML
	pth check YAML
	pth list $kinds
	pth show PLUGIN
	pth new $kinds experiment
	pth help $tools
	pth image build base list
	pth-plugin list $kinds
	pth-plugin show PLUGIN
	pth-plugin check YAML
	pth-plugin new $kinds experiment
	pth-image build DIR
	END
}

# Lines "program c COMMAND" and "program o SHORT LONG ARG COMMANDS TEXT", "-" for what is not there.
table() { # program
	"$1" --help | awk -v program="${1##*/}" '
	function command(name) { if (!(name in seen)) print program, "c", name; seen[name] = 1 }
	/^usage: / || (usage && /^ /) {
		usage = 1
		line = $0
		while (match(line, "(^|[ |])" program " [a-z]+")) {
			word = substr(line, RSTART, RLENGTH)
			sub(/.* /, "", word)
			command(word)
			line = substr(line, RSTART + RLENGTH)
		}
		next
	}
	{ usage = 0 }
	/^The commands:/ { listed = 1; next }
	listed && /^  [a-z]/ { command($1); next }
	/^  (-[a-zA-Z],|   ) --/ {
		short = $1 ~ /,$/ ? substr($1, 2, 1) : "-"
		long = $1 ~ /,$/ ? $2 : $1
		rest = $0
		sub(/^ +(-., )?--[a-z-]+/, "", rest)
		arg = "-"
		if (match(rest, /^ [^ ]+/)) {
			arg = substr(rest, 2, RLENGTH - 1)
			rest = substr(rest, RLENGTH + 1)
		}
		sub(/^ +/, "", rest)
		of = "-"
		if (match(rest, /^(of )?[a-z]+(( |, | and )[a-z]+)*: /)) {
			of = substr(rest, 1, RLENGTH - 2)
			text = substr(rest, RLENGTH + 1)
			sub(/^of /, "", of)
			gsub(/ and |, ?/, ",", of)
			if (of !~ / / ) rest = text; else of = "-"
		}
		print program, "o", short, substr(long, 3), arg, of, rest
	}'
}

tools=''
for program; do
	name=${program##*/}
	[ "$name" = pth ] || tools="$tools ${name#pth-}"
done

# The tables as functions of the shell, or as lines of fish; $1 is the name of the shell.
functions() {
	awk -v shell="$shell" '
# What completes an argument: words, or one of DIR, FILE, YAML, PLUGIN; NONE for nothing.
function values(arg) {
	if (arg ~ /^[a-z][a-z|]*$/) { gsub(/\|/, " ", arg); return arg }
	return arg == "DIR" || arg == "FILE" ? arg : arg == "CONTEXT" ? "DIR" : \
	    arg == "PLAN" ? "FILE" : "NONE"
}
# Does this option belong to the command? Those of no command belong to all.
function has(i, command) { return of[i] == "-" || index("," of[i] ",", "," command ",") > 0 }
function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }

$2 == "c" { commands[$1] = commands[$1] " " $3; next }
$2 == "w" { key[++keys] = $1 ":" $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); word[keys] = $0; next }
{
	if (!($1 in known)) { known[$1] = 1; program[++programs] = $1 }
	owner[++n] = $1; short[n] = $3 == "-" ? "" : $3; long[n] = $4
	arg[n] = $5 == "-" ? "" : $5; of[n] = $6
	$1 = $2 = $3 = $4 = $5 = $6 = ""
	sub(/^ +/, "")
	text[n] = $0
}

# ---- bash ----

function bash_options(p, command,  i, list) {
	for (i = 1; i <= n; i++)
		if (owner[i] == p && has(i, command))
			list = list (short[i] != "" ? " -" short[i] : "") " --" long[i]
	printf "\t%s:%s) echo \"%s\" ;;\n", p, command, substr(list, 2)
}
function bash(  i, j, list, count) {
	print "_pth_options() { # program command\n\tcase $1:$2 in"
	for (i = 1; i <= programs; i++) {
		count = split(commands[program[i]], list, " ")
		for (j = 1; j <= count; j++)
			bash_options(program[i], list[j])
		bash_options(program[i], "")
	}
	print "\tesac\n}\n_pth_values() { # program option\n\tcase $1:$2 in"
	for (i = 1; i <= n; i++)
		if (arg[i] != "")
			printf "\t%s:--%s%s) echo \"%s\" ;;\n", owner[i], long[i],
			    short[i] != "" ? " | " owner[i] ":-" short[i] : "", values(arg[i])
	print "\tesac\n}\n_pth_commands() { # program\n\tcase $1 in"
	for (i = 1; i <= programs; i++)
		if (program[i] in commands)
			printf "\t%s) echo \"%s\" ;;\n", program[i], substr(commands[program[i]], 2)
	print "\tesac\n}\n_pth_operands() { # program command\n\tcase $1:$2 in"
	for (i = 1; i <= keys; i++)
		printf "\t%s) echo \"%s\" ;;\n", key[i], word[i]
	print "\t*) echo FILE ;;\n\tesac\n}"
}

# ---- zsh ----

function zsh_action(what) {
	return what == "NONE" ? " " : what == "DIR" ? "_files -/" : what == "FILE" ? "_files" : \
	    what == "YAML" ? "_files -g \"*.(yaml|yml|json)(-.)\"" : \
	    what == "PLUGIN" ? "_pth_plugins" : "(" what ")"
}
function zsh_option(i,  about, behind) {
	about = text[i]
	gsub(/[:[]/, "\\\\&", about)
	gsub(/\]/, "\\\\&", about)
	behind = "[" about "]" (arg[i] != "" ? ":" arg[i] ":" zsh_action(values(arg[i])) : "")
	gsub(/\|/, " ", behind)
	if (short[i] != "")
		print "\t\t" quoted("*-" short[i] (arg[i] != "" ? "+" : "") behind)
	print "\t\t" quoted("*--" long[i] (arg[i] != "" ? "=" : "") behind)
}
function zsh_case(p, command,  i, what) {
	printf "\t%s:%s) options=(\n", p, command
	for (i = 1; i <= n; i++)
		if (owner[i] == p && has(i, command))
			zsh_option(i)
	what = "FILE"
	for (i = 1; i <= keys; i++)
		if (key[i] == p ":" command)
			what = word[i]
	if (command == "" && p in commands)
		print "\t\t" quoted("1:command:(" substr(commands[p], 2) ")")
	else if (command != "")
		print "\t\t" quoted("1:command:(" command ")")
	print "\t\t" quoted("*:operand:" zsh_action(what)) " ) ;;"
}
function zsh(  i, j, list, count) {
	printf "#compdef"
	for (i = 1; i <= programs; i++)
		printf " %s", program[i]
	print "\nlocal command=\"\" word\nlocal -a options\ncase $service in"
	for (i = 1; i <= programs; i++)
		if (program[i] in commands) {
			printf "%s) for word in $words; do\n\tcase $word in", program[i]
			count = split(commands[program[i]], list, " ")
			for (j = 1; j <= count; j++)
				printf "%s %s", (j == 1 ? "" : " |"), list[j]
			print ") command=$word; break ;; esac\ndone ;;"
		}
	print "esac\ncase $service:$command in"
	for (i = 1; i <= programs; i++) {
		count = split(commands[program[i]], list, " ")
		for (j = 1; j <= count; j++)
			zsh_case(program[i], list[j])
		zsh_case(program[i], "")
	}
	print "esac"
}

# ---- fish ----

function fish_words(what) {
	return what == "NONE" ? "-x" : \
	    what == "DIR" ? "-x -a \047(__fish_complete_directories)\047" : \
	    what == "FILE" || what == "YAML" ? "-r -F" : \
	    what == "PLUGIN" ? "-f -a \047(pth list 2>/dev/null | awk \"{ print \\$3 }\")\047" : \
	    "-x -a " quoted(what)
}
function fish_of(p, i,  list) {
	if (of[i] == "-")
		return ""
	list = of[i]
	gsub(/,/, " ", list)
	return " -n \"__fish_seen_subcommand_from " list "\""
}
function fish(  i, j, list, count, part) {
	for (i = 1; i <= n; i++)
		printf "complete -c %s%s%s -l %s%s -d %s\n", owner[i], fish_of(owner[i], i),
		    short[i] != "" ? " -s " short[i] : "", long[i],
		    arg[i] != "" ? " " fish_words(values(arg[i])) : "", quoted(text[i])
	for (i = 1; i <= programs; i++) {
		if (!(program[i] in commands))
			continue
		printf "complete -c %s -f -n \"not __fish_seen_subcommand_from%s\" -a \"%s\"\n",
		    program[i], commands[program[i]], substr(commands[program[i]], 2)
	}
	for (i = 1; i <= keys; i++) {
		split(key[i], part, ":")
		printf "complete -c %s -n \"__fish_seen_subcommand_from %s\" %s\n", part[1],
		    part[2], fish_words(word[i])
	}
}

END { if (shell == "bash") bash(); else if (shell == "zsh") zsh(); else fish() }'
}

bash_rest() {
	cat <<-'END'
	_pth_fill() { # what word
		case $1 in
		NONE) ;;
		DIR | FILE | YAML)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(
				[ "$1" = FILE ] && compgen -f -- "$2"
				[ "$1" = YAML ] && compgen -f -- "$2" | grep -E '\.(ya?ml|json)$'
				[ "$1" = FILE ] || compgen -d -- "$2"
			)
			;;
		PLUGIN)
			mapfile -t COMPREPLY < <(
				compgen -W "$(pth list 2>/dev/null | awk '{ print $3 }')" -- "$2"
			)
			;;
		*) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
		esac
	}
	_pth() {
		local program=${COMP_WORDS[0]##*/} word=${COMP_WORDS[COMP_CWORD]}
		local command='' before='' all values i
		all=$(_pth_commands "$program")
		[ "$word" != = ] || word=''
		for ((i = 1; i < COMP_CWORD; i++)); do
			before=${COMP_WORDS[i]}
			[ "$before" != = ] || before=${COMP_WORDS[i - 1]}
			case " $all " in
			*" $before "*) [ -n "$command" ] || command=$before ;;
			esac
		done
		COMPREPLY=()
		values=$(_pth_values "$program" "$before")
		if [ -n "$values" ]; then
			_pth_fill "$values" "$word"
		elif [[ $word == -* ]]; then
			_pth_fill "$(_pth_options "$program" "$command")" "$word"
		elif [ -z "$command" ] && [ -n "$all" ]; then
			_pth_fill "$all" "$word"
		else
			_pth_fill "$(_pth_operands "$program" "$command")" "$word"
		fi
	}
	END
	printf 'complete -F _pth'
	for program; do printf ' %s' "${program##*/}"; done
	echo
}

zsh_rest() {
	cat <<-'END'
	_pth_plugins() { compadd $(pth list 2>/dev/null | awk '{ print $3 }') }
	_arguments -s -S : "${options[@]}"
	END
}

{
	for program; do table "$program" || exit 4; done
	operands | sed -E 's/^([^ ]+) /\1 w /'
} | functions
case $shell in
bash) bash_rest "$@" ;;
zsh) zsh_rest ;;
esac
