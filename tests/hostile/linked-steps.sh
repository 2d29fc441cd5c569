# what: has a link to a directory of the user where the logs of steps and phases are to be
# full: passed|error|failed
# none: passed|error|failed
# service: {"phases": {"post_run": [{"argv": ["sh", "-c", "echo x"]}]}}
# again: yes
# shellcheck shell=sh
rm -rf steps phases
ln -s "$HOST/dir" steps
ln -s "$HOST/dir" phases
