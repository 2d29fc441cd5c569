# shellcheck shell=sh
# Read by build and check: which peers there are and where they are kept.

# The names of their descriptors in share/plugins/services/iut/quic.
# shellcheck disable=SC2034 # read by both
peers='aioquic quiche quinn quic_go'
here=$TOP/tests/peers
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pth/peers

# peer_version NAME: the version of the library, pinned in the manifest.
peer_version() {
	case $1 in
	aioquic) sed -n 's/^aioquic==\([^ ]*\).*/\1/p' "$here/aioquic/requirements.txt" ;;
	quic_go) sed -n 's,^require github.com/quic-go/quic-go v,,p' "$here/quic_go/go.mod" ;;
	*) sed -n "s/^$1 = .*\"=\\([^\"]*\\)\".*/\\1/p" "$here/$1/Cargo.toml" ;;
	esac
}

# peer_dir NAME: its folder in the cache, with bin/ when it has been built.
peer_dir() {
	echo "$cache/$1-$(peer_version "$1")"
}

# peer_stamp NAME: changes with everything it is built from.
peer_stamp() {
	(cd "$here" && find "$1" cli.rs build -type f ! -path '*/target/*' ! -name '*.pyc' -print0 |
		sort -z | xargs -0 sha256sum | sha256sum)
}

# peer_built NAME: it is there, and made from these sources.
peer_built() {
	[ "$(cat "$(peer_dir "$1")/stamp" 2>/dev/null)" = "$(peer_stamp "$1")" ]
}
