"""Wrong ways to do the exercises, one module a chapter: each is recognised by what it computes and gets its message."""
