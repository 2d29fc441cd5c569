# what: changes what is run again by the plan that it finds
# full: failed
# none: failed
# expect: {}
# resume: yes
# said: was changed by somebody else
# shellcheck shell=sh
if [ -e ../../plan.jsonl ]; then
	sed 's,"/srv/case.sh","/bin/true",g' ../../plan.jsonl >plan
	cat plan >../../plan.jsonl
fi
exit 3
