# The names (a line each) by how many letters they are apart from `word`: "N NAME" each.

function least(a, b) { return a < b ? a : b }
{
	m = length(word)
	n = length($1)
	for (j = 0; j <= n; j++)
		d[0, j] = j
	for (i = 1; i <= m; i++) {
		d[i, 0] = i
		for (j = 1; j <= n; j++)
			d[i, j] = least(least(d[i - 1, j], d[i, j - 1]) + 1,
				d[i - 1, j - 1] + (substr(word, i, 1) != substr($1, j, 1)))
	}
	print d[m, n], $1
}
