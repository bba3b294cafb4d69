package pipeline

import (
	"encoding/json"
	"strconv"
)

// floor is the smallest number of people or rows that may be shown; smaller ones hide behind "<50", lest a count speaks
// of one person (docs/consent.md, What is counted).
const floor = 50

// Shown is a count as it may leave the program: rounded down to tens, and 1 to 49 as "<50".
type Shown int64

func (s Shown) String() string {
	switch {
	case s > 0 && s < floor:
		return "<50"
	default:
		return strconv.FormatInt(int64(s)/10*10, 10)
	}
}

// MarshalJSON writes a number, or the text "<50".
func (s Shown) MarshalJSON() ([]byte, error) {
	if s > 0 && s < floor {
		return []byte(`"<50"`), nil
	}
	return []byte(s.String()), nil
}

// UnmarshalJSON reads what MarshalJSON wrote; "<50" becomes 1.
func (s *Shown) UnmarshalJSON(b []byte) error {
	var small string
	if json.Unmarshal(b, &small) == nil && small == "<50" {
		*s = 1
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	*s = Shown(n)
	return err
}
