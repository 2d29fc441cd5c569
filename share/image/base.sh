# shellcheck shell=sh
# shellcheck disable=SC2154 # what pth-image sets
# Read by pth-image: the base of all images, from Debian's packages alone; no registry is needed.

# What makes a small system bearable. Debuggers and profilers come as a layer of the images that
# need them; captures are pth-init's own.
tools=iproute2,iputils-ping,procps

# The security updates of the release, where the mirror has them beside it as deb.debian.org
# does: in the base, and for all that images install later. Debian's newest cargo is one of them.
add_security() {
	updates=$tmp/root/etc/apt/sources.list.d/security.list without=''
	mkdir -p "${updates%/*}" &&
		echo "deb ${mirror%/}-security $suite-security main" >"$updates" || return
	chroot "$tmp/root" apt-get update && return
	rm -f "$updates"
	without=", without security updates: ${mirror%/}-security has none"
	chroot "$tmp/root" apt-get update
}

# No layer that installs packages is to keep what apt and dpkg would: indexes (80 MB), archives,
# manuals and translations.
keep_small() {
	mkdir -p "$tmp/root/etc/apt/apt.conf.d" "$tmp/root/etc/dpkg/dpkg.cfg.d" &&
		printf '%s "";\n' Dir::Cache::pkgcache Dir::Cache::srcpkgcache \
			>"$tmp/root/etc/apt/apt.conf.d/small" &&
		echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "false";' \
			>>"$tmp/root/etc/apt/apt.conf.d/small" &&
		printf 'path-%s\n' 'exclude=/usr/share/doc/*' 'include=/usr/share/doc/*/copyright' \
			'exclude=/usr/share/man/*' 'exclude=/usr/share/info/*' \
			'exclude=/usr/share/locale/*' >"$tmp/root/etc/dpkg/dpkg.cfg.d/small"
}

# The rest by apt: debootstrap does not know what packages need in which order.
install_tools() {
	policy=$tmp/root/usr/sbin/policy-rc.d # no services are started
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" || return
	keep_small && add_security || return
	DEBIAN_FRONTEND=noninteractive chroot "$tmp/root" apt-get upgrade -y || return
	printf '%s' "$include" | tr ',' '\n' | DEBIAN_FRONTEND=noninteractive \
		chroot "$tmp/root" xargs apt-get install -y --no-install-recommends || return
	rm -f "$policy"
}

# The authorities of --ca, each certificate in a file as update-ca-certificates wants it.
install_ca() {
	[ -n "$ca" ] || return 0
	mkdir -p "$tmp/root/usr/local/share/ca-certificates" || return
	awk -v to="$tmp/root/usr/local/share/ca-certificates/site-" '
		/-----BEGIN CERTIFICATE-----/ { n++; file = to n ".crt" }
		file { print >file }
		/-----END CERTIFICATE-----/ { close(file); file = "" }' "$ca" || return
	chroot "$tmp/root" update-ca-certificates
}

# What debootstrap and apt say last, when they fail.
no_base() { # what
	grep -E '^(E|W|dpkg): |Unable to|Could not' "$tmp/log" | tail -4 | grep . >&2 ||
		tail -5 "$tmp/log" >&2
	die 4 "$1 of $suite from $mirror failed"
}

base_options() {
	mirror=http://deb.debian.org/debian suite=bookworm include=$tools force='' ca=''
	while getopts :fm:s:i:A:qhV opt; do
		case $opt in
		f) force=1 ;;
		m) mirror=$OPTARG ;;
		s) suite=$OPTARG ;;
		i) include=$include,$OPTARG ;;
		A) ca=$OPTARG ;;
		*) general "$opt" ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -le 1 ] || mistake "one operand too many: $2"
	base=${1:-$base}
	case $suite in
	'' | -* | *[!a-z0-9.-]*) die 2 "-s $suite: no name of a release, as bookworm" ;;
	esac
	case $include in
	*[!a-z0-9.+,-]* | *,-*)
		die 2 "-i ${include#"$tools",}: no names of packages, as curl,nano" ;;
	esac
	[ -z "$ca" ] || grep -q -e '-----BEGIN CERTIFICATE-----' "$ca" 2>/dev/null ||
		die 3 "$ca: no certificate of an authority, as PEM, can be read there"
	case $mirror in
	http://?* | https://?*) ;;
	*) die 2 "-m $mirror: no address, as http://deb.debian.org/debian" ;;
	esac
}

make_base() {
	base_options "$@"
	engine
	# 2: the version of what is done here.
	hash=$(printf '%s\n' 2 "$suite" "$mirror" "$include" "${ca:+$(cat "$ca")}" |
		sha256sum | cut -d' ' -f1)
	if look_at "$base" && [ -z "$force" ]; then
		[ -n "$ours" ] ||
			die 3 "an image $base is there that pth has not built; give another name, \
or -f to replace it"
		if [ "$made_of" = "$hash" ]; then
			[ -n "$quiet" ] || echo "$base is as it should be; -f makes it anew"
			return 0
		fi
	fi
	need debootstrap debootstrap
	[ "$(id -u)" = 0 ] || die 4 'debootstrap needs root'
	tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/pth-base.XXXXXX") || exit 4
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	chmod 755 "$tmp"
	unset TMPDIR # there is no such directory inside
	# With authorities at once, as apt may need them.
	debootstrap --variant=minbase ${ca:+--include=ca-certificates} "$suite" "$tmp/root" \
		"$mirror" >"$tmp/log" 2>&1 </dev/null || no_base debootstrap
	install_ca >>"$tmp/log" 2>&1 </dev/null || no_base update-ca-certificates
	install_tools >>"$tmp/log" 2>&1 </dev/null || no_base apt-get
	rm -rf "$tmp"/root/var/cache/apt/archives/*.deb \
		"$tmp"/root/var/cache/apt/*.bin "$tmp"/root/var/lib/apt/lists/* \
		"$tmp"/root/var/log/*.log "$tmp"/root/usr/share/man/* \
		"$tmp"/root/usr/share/locale/* "$tmp"/root/usr/share/info/*
	find "$tmp/root/usr/share/doc" -type f ! -name copyright -delete
	tar -C "$tmp/root" --numeric-owner -c . |
		docker import -c "LABEL org.pth.image=$base" -c "LABEL org.pth.hash=$hash" \
			-c 'CMD ["/bin/sh"]' - "$base" >"$tmp/id" || exit 4
	[ -n "$quiet" ] || echo "$base made of $suite from $mirror$without"
}
