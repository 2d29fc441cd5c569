# what: looks for the other tests of the run, and writes to what it finds
# full: passed
# none: -
# shellcheck shell=sh
for id in 2-innocent 3-slow 4-after; do
	echo ERROR >>../../$id/a/stdout.log
	rm -rf ../../$id
	mkdir -p ../../$id/a
done
for file in ../../3-slow/record.json ../../4-after/record.json \
	"$HOST/work/run/2-innocent/record.json"; do
	[ ! -s "$file" ] || breach "$file is seen"
done
chmod 0 ../../3-slow ../../4-after
