package reference

// Truth is the verdict of a test on a row or of a condition on a person, in the order in which `any` prefers it.
type Truth int8

// The truths. A row knows False, Unknown and True; a person may also have to wait for a period to end, or have no value
// to compare (the average of nothing).
const (
	False Truth = iota
	NoValue
	Wait
	Unknown
	True
)

func (t Truth) String() string {
	return [...]string{"false", "no value", "wait", "unknown", "true"}[t]
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// not turns True and False around and leaves the rest.
func not(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return t
}

// either is true if one is.
func either(ts ...Truth) Truth {
	out := False
	for _, t := range ts {
		out = max(out, t)
	}
	return out
}

// both is true if all are.
func both(ts ...Truth) Truth {
	out := False
	for _, t := range ts {
		out = max(out, not(t))
	}
	return not(out)
}

// atLeast is true if n of them are: one of the choices of n is true as a whole. What has no value can never become
// true, so no choice with it is waited for.
func atLeast(n int, ts []Truth) Truth {
	if n == 0 {
		return True
	}
	out := False
	for i, t := range ts {
		rest := atLeast(n-1, ts[i+1:])
		choice := both(t, rest)
		if choice != False && (t == NoValue || rest == NoValue) {
			choice = NoValue
		}
		out = max(out, choice)
	}
	return out
}
