/* What the kinds of rules have in common; private to collect/verdict_rule.c and verdict_log.c. */
#ifndef PTH_COLLECT_VERDICT_RULE_PRIV_H
#define PTH_COLLECT_VERDICT_RULE_PRIV_H

#include "collect/gap.h"
#include "collect/verdict_rule.h"

#define KEYS(o)                                  \
	(const char *const[])                    \
	{                                        \
		PTH_KEYS_##o(PTH_KEY_OF, o) NULL \
	}
#define MIN_MAX(o) PTH_KEY(o, min), PTH_KEY(o, max)

struct rule_range {
	double min, max;
	bool has_min, has_max;
};

extern const struct rule_range collect_at_least_one;

/* True when all keys of the rule are in known (NULL-terminated) and have values that can be
 * meant; else the rule is added as wrong. */
bool collect_rule_keys(const struct rule *r, json_t *rule, const char *const *known);
/* min and max of a rule; false when they are no numbers: then the rule is added as
 * wrong. */
bool collect_rule_range(const struct rule *r, const json_t *rule, const char *min, const char *max,
    struct rule_range *to);
/* Has it no bound at all? */
bool collect_rule_open(const struct rule_range *r);
/* A number, which b says already, against its range. span: what it may really be, and why. */
void collect_rule_number(const struct rule *r, const struct rule_range *want,
    const struct pth_span *span, struct pth_buf *b, const struct pth_buf *why);
/* The path of a rule below the test's directory: a descriptor's is relative to its service,
 * "@{dir}/" is the test's. The caller frees it. */
char *collect_rule_path(const struct rule *r, const char *service, const char *path);
/* {service, file, matches | not_matches, unless, min, max} */
void collect_rule_log(struct rule r, json_t *v);

#endif
