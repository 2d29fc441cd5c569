/* What tests/lint has to find by itself: a line that is far too long for anybody to read it at once. */
