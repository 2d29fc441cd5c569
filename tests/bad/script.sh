#!/bin/sh
# Wrong on purpose: tests/lint must find the words that are not quoted.
rm -f $1/$2
