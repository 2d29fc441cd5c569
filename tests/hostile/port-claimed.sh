# what: has the port that an assertion says the other service has
# full: failed|error
# none: failed|error
# peer: yes
# test: {"assertions": [{"type": "port_open", "service": "b", "port": 4443, "transport": "udp"}]}
# shellcheck shell=sh
"$ACT" port 4443 stay >port &
until grep -q bound port; do sleep .01; done
