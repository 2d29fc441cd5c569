# shellcheck shell=sh
# shellcheck disable=SC2154 # what pth-image sets
# Read by pth-image: the pins of descriptors, moved to what is newest.

# The commit that a branch has now, or the newest tag of the same form: "COMMIT NAME".
newest() { # repository name
	refs=$(git ls-remote -- "$1" 2>"$tmp/said") || return
	found=$(printf '%s\n' "$refs" | awk -v ref="refs/heads/$2" '$2 == ref { print $1 }')
	[ -z "$found" ] || {
		echo "$found $2"
		return
	}
	# v1.2.3 is like v1.10.0, and not like v1.2.3-rc1. A tag with words has its commit behind.
	like=$(printf %s "$2" | sed 's/[].[*^$+?(){}|\\]/\\&/g; s/[0-9][0-9]*/[0-9]+/g')
	name=$(printf '%s\n' "$refs" | sed -n 's,.*\trefs/tags/\([^^]*\)$,\1,p' |
		grep -Ex "$like" | sort -V | tail -n 1)
	[ -n "$name" ] || {
		echo "it has neither a branch $2 nor a tag like it" >"$tmp/said"
		return 1
	}
	printf '%s\n' "$refs" | awk -v tag="refs/tags/$name" -v name="$name" '
		$2 == tag { commit = $1 }
		$2 == tag "^{}" { peeled = $1 }
		END { print peeled ? peeled : commit, name }'
}

# The digest that a registry has for a name now.
digest() { # NAME:TAG
	docker pull -q "$1" >/dev/null 2>"$tmp/said" || return
	docker image inspect -f '{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>"$tmp/said" |
		sed -n 's/.*@\(sha256:[0-9a-f]*\)$/\1/p' | head -n 1 | grep .
}

# Lines "LINE|revision|REPOSITORY|COMMIT|NAME" and "LINE|digest|IMAGE|DIGEST|" of a descriptor.
pins() {
	awk '
		match($0, /repository: *"?[^ ",}]+/) {
			repository = substr($0, RSTART, RLENGTH)
			sub(/repository: *"?/, "", repository)
		}
		match($0, /revision: *"?[0-9a-f]+/) && /[ \t]# *[^ ]+ *$/ {
			commit = substr($0, RSTART, RLENGTH); sub(/revision: *"?/, "", commit)
			name = $0; sub(/.*[ \t]# */, "", name); sub(/ *$/, "", name)
			if (length(commit) == 40)
				print NR "|revision|" repository "|" commit "|" name
		}
		match($0, /(base|build_base|image): *"?[^ ",}]+@sha256:[0-9a-f]+/) {
			image = substr($0, RSTART, RLENGTH); sub(/^[a-z_]*: *"?/, "", image)
			digest = image; sub(/.*@/, "", digest); sub(/@.*/, "", image)
			print NR "|digest|" image "|" digest "|"
		}' "$1"
}

# Puts the new one in the place of the old one in a line, with the name behind.
move() { # file line old new old-name new-name
	awk -v line="$2" -v old="$3" -v new="$4" -v was="$5" -v name="$6" '
		NR == line {
			i = index($0, old)
			$0 = substr($0, 1, i - 1) new substr($0, i + length(old))
			n = length($0) - length(was)
			if (was != "" && substr($0, n + 1) == was) $0 = substr($0, 1, n) name
		}
		{ print }' "$1" >"$tmp/file" && cat "$tmp/file" >"$1"
}

update_file() { # file
	pins "$1" >"$tmp/pins"
	while IFS='|' read -r line kind where old name; do
		if [ "$kind" = revision ]; then
			now=$(newest "$where" "$name")
		else
			now="$(digest "$where") "
		fi || now=''
		new=${now%% *} new_name=${now#* }
		case $new in
		'')
			printf 'pth-image: %s:%s: %s: %s\n' "$1" "$line" "$where" \
				"$(tail -n 1 "$tmp/said")" >&2
			failed=1
			continue ;;
		"$old") continue ;;
		esac
		[ -n "$quiet" ] || printf '%s:%s: %s: %s -> %s%s\n' "$1" "$line" "$where" "$old" \
			"$new" "${new_name:+ ($new_name)}"
		[ -n "$dry" ] || move "$1" "$line" "$old" "$new" "$name" "$new_name" || exit 4
	done <"$tmp/pins"
}

update() {
	dry='' failed=''
	while getopts :nqhV opt; do
		case $opt in
		n) dry=1 ;;
		*) general "$opt" ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -ge 1 ] || mistake 'DESCRIPTOR is missing'
	need git git
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/pth-update.XXXXXX") || exit 4
	trap 'rm -rf "$tmp"' EXIT
	for file; do
		{ [ -f "$file" ] && [ -r "$file" ]; } ||
			die 3 "$file: no descriptor can be read there"
	done
	for file; do update_file "$file"; done
	[ -z "$failed" ] || exit 4
}
