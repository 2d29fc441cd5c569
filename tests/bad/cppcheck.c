/* Wrong on purpose: tests/lint must find the index. */
int wrong(void);

int
wrong(void)
{
	int v[3] = { 1, 2, 3 };

	return v[3];
}
