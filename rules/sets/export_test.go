package sets

import "github.com/malgrupp/malgrupp/rules/value"

// Named and Walked are the quick and the slow way to a text; false and not Some where there is none.
func Named(d Domain, demands []Demand) (value.Value, bool) {
	judges, ok := judgesOf(d, demands)
	if !ok {
		return value.Value{}, false
	}
	return named(d, demands, judges)
}

func Walked(d Domain, demands []Demand) (value.Value, Answer) {
	judges, _ := judgesOf(d, demands)
	return walk(judges, alphabet(d, demands))
}
