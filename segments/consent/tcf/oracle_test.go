package tcf

import (
	"fmt"
	"strconv"
	"strings"
)

// oracle reads a TC string a second time, one bit after the other: a text of zeros and ones, fields
// by name. It shares nothing with the package but the notation in which the vectors ask.
type oracle struct {
	bits   string
	fields map[string]string
	sets   map[string]*pairs // of vendors; restrictions by "purpose,kind"
	count  int               // restrictions
}

// pairs are the vendors of a set, each pair from and to.
type pairs struct {
	max    int
	ranged bool
	list   [][2]int
}

func (p *pairs) has(id int) bool {
	for _, pair := range p.list {
		if pair[0] <= id && id <= pair[1] {
			return true
		}
	}
	return false
}

// secondReading returns what the string says, or the code of its first error.
func secondReading(text string) (o *oracle, code string) {
	o = &oracle{fields: map[string]string{}, sets: map[string]*pairs{}}
	defer func() {
		if stopped, ok := recover().(stop); ok {
			code = string(stopped)
		}
	}()
	stopIf(len(text) == 0, "TC_EMPTY")
	stopIf(len(text) > 16384, "TC_TOO_LONG")
	segments := strings.Split(text, ".")
	for _, segment := range segments {
		stopIf(segment == "", "TC_EMPTY_SEGMENT")
	}
	seen := map[int]bool{}
	for i, segment := range segments {
		o.spell(segment)
		if i == 0 {
			o.core()
		} else {
			kind := o.number(3)
			stopIf(kind < 1 || kind > 3, "TC_SEGMENT_TYPE")
			stopIf(seen[kind], "TC_SEGMENT_DUP")
			seen[kind] = true
			o.more(kind)
		}
		stopIf(strings.Contains(o.bits, "1"), "TC_TRAILING")
	}
	o.fields["pub.present"] = strconv.FormatBool(seen[3])
	return o, ""
}

// stop is the code that ends a reading.
type stop string

func stopIf(wrong bool, code stop) {
	if wrong {
		panic(code)
	}
}

func (o *oracle) spell(segment string) {
	segment = strings.TrimSuffix(strings.TrimSuffix(segment, "="), "=")
	var bits strings.Builder
	for _, c := range []byte(segment) {
		value := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c)
		stopIf(value < 0, "TC_BASE64")
		fmt.Fprintf(&bits, "%06b", value)
	}
	o.bits = bits.String()
}

func (o *oracle) next(n int) string {
	stopIf(len(o.bits) < n, "TC_TRUNCATED")
	out := o.bits[:n]
	o.bits = o.bits[n:]
	return out
}

func (o *oracle) number(n int) int {
	v := 0
	for _, bit := range o.next(n) {
		v = 2*v + int(bit-'0')
	}
	return v
}

func (o *oracle) core() {
	stopIf(o.number(6) != 2, "TC_VERSION")
	o.fields["version"] = "2"
	o.date("created")
	o.date("last_updated")
	o.plain("cmp_id", 12)
	o.plain("cmp_version", 12)
	o.plain("consent_screen", 6)
	o.letters("consent_language")
	o.plain("vendor_list_version", 12)
	o.plain("policy_version", 6)
	o.flag("service_specific")
	o.flag("non_standard_texts")
	o.list("special_features", 12)
	o.list("purposes_consent", 24)
	o.list("purposes_li", 24)
	o.flag("purpose_one_treatment")
	o.letters("publisher_cc")
	o.vendors("vendor_consent")
	o.vendors("vendor_li")
	o.count = o.number(12)
	for range o.count {
		name := fmt.Sprintf("%d,%d", o.number(6), o.number(2))
		if o.sets[name] == nil {
			o.sets[name] = &pairs{}
		}
		o.sets[name].list = append(o.sets[name].list, o.ranges(65535)...)
	}
}

func (o *oracle) more(kind int) {
	switch kind {
	case 1:
		o.vendors("disclosed")
	case 2:
		o.vendors("allowed")
	case 3:
		o.list("pub.purposes_consent", 24)
		o.list("pub.purposes_li", 24)
		n := o.number(6)
		o.fields["pub.custom_count"] = strconv.Itoa(n)
		o.list("pub.custom_consent", n)
		o.list("pub.custom_li", n)
	}
}

func (o *oracle) plain(name string, n int) { o.fields[name] = strconv.Itoa(o.number(n)) }

func (o *oracle) flag(name string) { o.fields[name] = strconv.FormatBool(o.number(1) == 1) }

func (o *oracle) date(name string) { o.fields[name] = strconv.Itoa(o.number(36)) }

func (o *oracle) letters(name string) {
	for range 2 {
		letter := o.number(6)
		stopIf(letter > 25, "TC_LETTER")
		o.fields[name] += string(rune('A' + letter))
	}
}

func (o *oracle) list(name string, n int) {
	var out []string
	for i, bit := range o.next(n) {
		if bit == '1' {
			out = append(out, strconv.Itoa(i+1))
		}
	}
	o.fields[name] = dash(out)
}

func (o *oracle) vendors(name string) {
	p := &pairs{max: o.number(16), ranged: o.number(1) == 1}
	if p.ranged {
		p.list = o.ranges(p.max)
	} else {
		for i, bit := range o.next(p.max) {
			if bit == '1' {
				p.list = append(p.list, [2]int{i + 1, i + 1})
			}
		}
	}
	o.sets[name] = p
}

func (o *oracle) ranges(largest int) (out [][2]int) {
	for range o.number(12) {
		isRange := o.number(1) == 1
		from := o.number(16)
		to := from
		if isRange {
			to = o.number(16)
		}
		stopIf(from == 0 || to == 0 || from > largest || to > largest, "TC_RANGE_BOUNDS")
		stopIf(from > to, "TC_RANGE_ORDER")
		out = append(out, [2]int{from, to})
	}
	return out
}
