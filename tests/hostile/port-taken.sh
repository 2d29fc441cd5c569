# what: has the port of the other service, which never has it and so is never ready
# full: error
# none: error
# test: {"plan": {"services": [
#   {"name": "a", "finite": false, "timeout_us": 3000000, "stop": {"signal": "TERM",
#   "grace_us": 200000}, "environment": {"ACT": "/srv/act"},
#   "ready": [{"kind": "log", "matches": "bound", "timeout_us": 5000000}],
#   "phases": {"run": {"argv": ["sh", "/srv/act.sh", "/srv/case.sh"]}}},
#   {"name": "b", "finite": false, "after": [{"service": "a", "state": "ready"}],
#   "timeout_us": 3000000, "stop": {"signal": "TERM", "grace_us": 200000},
#   "ready": [{"kind": "udp", "port": 4443, "timeout_us": 400000}],
#   "phases": {"run": {"argv": ["sleep", "60"]}}}], "order": ["a", "b"]}}
# shellcheck shell=sh
exec "$ACT" port 4443 stay
