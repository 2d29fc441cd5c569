# what: writes samples of its own, with wrong and huge numbers
# full: passed
# none: passed|error
# shellcheck shell=sh
for value in 1e999 -1 null '"x"' 99999999999999999999 '{}'; do
	echo "{\"t\":1,\"us\":1,\"services\":{\"a\":{\"rss_kb\":$value,\"processes\":$value}}}"
done >samples
cat samples >>../metrics.jsonl
cp samples metrics.jsonl
