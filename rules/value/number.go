package value

import (
	"regexp"
	"strconv"
	"strings"
)

// MaxDigits is how many digits a number may have, so that it fits an int64.
const MaxDigits = 18

var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// IsNumber reports whether a text is written as a number: no leading zero, no plus, no exponent.
func IsNumber(text string) bool { return numberForm.MatchString(text) }

// ParseNumber reads a decimal number such as -12.50 exactly; false if it is none or has more than 18 digits. Zeros at
// the end of the fraction are dropped, so that 0.30 and 0.3 are the same Number.
func ParseNumber(text string) (Number, bool) {
	if !IsNumber(text) {
		return Number{}, false
	}
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := whole + fraction
	if len(strings.TrimLeft(digits, "-0")) > MaxDigits || len(fraction) > MaxDigits {
		return Number{}, false
	}
	v, err := strconv.ParseInt(digits, 10, 64)
	return Number{Int: v, Scale: len(fraction)}, err == nil
}

// String returns the number as it is written: -12.5.
func (n Number) String() string { return formatDecimal(n.Int, n.Scale) }

// formatDecimal writes units of 10^-scale.
func formatDecimal(units int64, scale int) string {
	digits := strconv.FormatInt(units, 10)
	if scale == 0 {
		return digits
	}
	sign := ""
	if units < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// AtScale returns the number in units of 10^-scale, rounded down, and whether that is exact; ok is false if the units
// do not fit an int64.
func (n Number) AtScale(scale int) (units int64, exact, ok bool) {
	units, exact = n.Int, true
	for s := n.Scale; s < scale; s++ {
		next := units * 10
		if next/10 != units {
			return 0, false, false
		}
		units = next
	}
	for s := n.Scale; s > scale; s-- {
		quotient := FloorDiv(units, 10)
		exact = exact && quotient*10 == units
		units = quotient
	}
	return units, exact, true
}
