# what: takes the processor for itself
# full: passed
# none: -
# shellcheck shell=sh
refused "$ACT" realtime
refused nice -n -5 sh -c '[ "$(nice)" -lt 0 ]'
refused_sh 'echo -1000 >/proc/self/oom_score_adj'
