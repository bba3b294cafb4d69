package reference

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Where is a test of one row. A nil Where passes every row.
type Where struct{ of func(*World, *Row) Truth }

// UnmarshalYAML reads the text of a where.
func (w *Where) UnmarshalYAML(n *yaml.Node) (err error) {
	w.of, err = parseWhere(n.Value)
	return err
}

func (w *Where) test(world *World, r *Row) Truth {
	if w == nil {
		return True
	}
	return w.of(world, r)
}

// whereParser reads a where from its words.
type whereParser struct{ words []string }

var word = regexp.MustCompile(`'(?:[^']|'')*'|-?[0-9]+(?:\.[0-9]+)?|[a-z_][a-z0-9_.]*|!=|<=|>=|[=<>(),]`)

func parseWhere(text string) (test func(*World, *Row) Truth, err error) {
	p := &whereParser{word.FindAllString(text, -1)}
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("read where %s: %v", text, wrong)
		}
	}()
	test = p.or()
	if len(p.words) > 0 {
		p.wrong("the end")
	}
	return test, nil
}

func (p *whereParser) wrong(want string) {
	panic(fmt.Sprintf("expected %s before %q", want, strings.Join(p.words, " ")))
}

// accept takes these words if they come next.
func (p *whereParser) accept(words ...string) bool {
	if len(p.words) < len(words) || !slices.Equal(p.words[:len(words)], words) {
		return false
	}
	p.words = p.words[len(words):]
	return true
}

func (p *whereParser) expect(w string) {
	if !p.accept(w) {
		p.wrong(w)
	}
}

func (p *whereParser) next() string {
	if len(p.words) == 0 {
		p.wrong("another word")
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

type rowTest = func(*World, *Row) Truth

func (p *whereParser) or() rowTest { return p.chain("or", p.and, either) }

func (p *whereParser) and() rowTest { return p.chain("and", p.unary, both) }

func (p *whereParser) chain(between string, part func() rowTest, join func(...Truth) Truth) rowTest {
	tests := []rowTest{part()}
	for p.accept(between) {
		tests = append(tests, part())
	}
	return func(w *World, r *Row) Truth {
		var ts []Truth
		for _, t := range tests {
			ts = append(ts, t(w, r))
		}
		return join(ts...)
	}
}

func (p *whereParser) unary() rowTest {
	if p.accept("not") {
		inner := p.unary()
		return func(w *World, r *Row) Truth { return not(inner(w, r)) }
	}
	if p.accept("(") {
		inner := p.or()
		p.expect(")")
		return inner
	}
	return p.test()
}

// term is what stands left of an operator: nil is null.
type term func(*World, *Row) any

func (p *whereParser) term() term {
	name := p.next()
	if local, ok := strings.CutPrefix(name, "local."); ok {
		return func(w *World, r *Row) any { return localPart(w.Clock, local, r.At) }
	}
	if !p.accept("(") {
		return func(_ *World, r *Row) any { return r.column(name) }
	}
	column, key := p.next(), ""
	if p.accept(",") {
		key = p.literal().(string)
	}
	p.expect(")")
	return func(_ *World, r *Row) any {
		text, ok := r.column(column).(string)
		if !ok {
			return nil
		}
		return textFunction(name, text, key)
	}
}

func localPart(c Clock, part string, us int64) any {
	t := c.wall(us)
	switch part {
	case "hour":
		return big.NewRat(int64(t.Hour()), 1)
	case "month":
		return big.NewRat(int64(t.Month()), 1)
	case "weekday":
		return strings.ToLower(t.Weekday().String()[:3])
	}
	return dateOf(t)
}

func textFunction(name, text, key string) any {
	switch name {
	case "lower":
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 0x17f {
				return unicode.ToLower(r)
			}
			return r
		}, text)
	case "length":
		return big.NewRat(int64(utf8.RuneCountInString(text)), 1)
	case "host":
		return hostOf(text)
	case "path":
		return pathOf(text)
	}
	return paramOf(text, key)
}

func (p *whereParser) test() rowTest {
	left := p.term()
	switch {
	case p.accept("is", "not"):
		return negated(p.is(left))
	case p.accept("is"):
		return p.is(left)
	case p.accept("not"):
		return negated(p.operator(left))
	case len(p.words) == 0 || slices.Contains([]string{"and", "or", ")"}, p.words[0]):
		return known(left, func(v any) bool { return v == true })
	}
	return p.operator(left)
}

func negated(t rowTest) rowTest { return func(w *World, r *Row) Truth { return not(t(w, r)) } }

// known lifts a test over null.
func known(left term, test func(any) bool) rowTest {
	return func(w *World, r *Row) Truth {
		v := left(w, r)
		if v == nil {
			return Unknown
		}
		return truth(test(v))
	}
}

// is reads what is never unknown.
func (p *whereParser) is(left term) rowTest {
	want, ok := map[string]any{"null": nil, "true": true, "false": false}[p.words[0]]
	if !ok {
		p.wrong("null, true or false")
	}
	p.next()
	return func(w *World, r *Row) Truth { return truth(left(w, r) == want) }
}

func (p *whereParser) operator(left term) rowTest {
	op := p.next()
	if sign, ok := map[string]func(int) bool{
		"=":  func(c int) bool { return c == 0 },
		"!=": func(c int) bool { return c != 0 },
		"<":  func(c int) bool { return c < 0 },
		"<=": func(c int) bool { return c <= 0 },
		">":  func(c int) bool { return c > 0 },
		">=": func(c int) bool { return c >= 0 },
	}[op]; ok {
		want := p.literal()
		return known(left, func(v any) bool { return sign(compare(v, want)) })
	}
	switch op {
	case "in":
		return p.in(left)
	case "between":
		low := p.literal()
		p.expect("and")
		high := p.literal()
		return known(left, func(v any) bool { return compare(low, v) <= 0 && compare(v, high) <= 0 })
	}
	return p.textual(left, op)
}

func (p *whereParser) in(left term) rowTest {
	p.expect("(")
	list := []any{p.literal()}
	for p.accept(",") {
		list = append(list, p.literal())
	}
	p.expect(")")
	return known(left, func(v any) bool {
		return slices.ContainsFunc(list, func(want any) bool { return compare(v, want) == 0 })
	})
}

func (p *whereParser) textual(left term, op string) rowTest {
	arg := p.literal().(string)
	switch op {
	case "starts_with":
		return known(left, func(v any) bool { return strings.HasPrefix(v.(string), arg) })
	case "ends_with":
		return known(left, func(v any) bool { return strings.HasSuffix(v.(string), arg) })
	case "contains":
		return known(left, func(v any) bool { return strings.Contains(v.(string), arg) })
	case "matches":
		whole := regexp.MustCompile(`^(?:` + arg + `)$`)
		return known(left, func(v any) bool { return whole.MatchString(v.(string)) })
	}
	panic("there is no operator " + op)
}

func (p *whereParser) literal() any {
	w := p.next()
	switch {
	case w == "true" || w == "false":
		return w == "true"
	case w == "date":
		return dateOf(moment(time.DateOnly, p.literal().(string)))
	case w == "timestamp":
		return Instant(moment(time.RFC3339Nano, p.literal().(string)).UnixMicro())
	case w[0] == '\'':
		return strings.ReplaceAll(w[1:len(w)-1], "''", "'")
	}
	n, ok := new(big.Rat).SetString(w)
	if !ok {
		panic("no literal: " + w)
	}
	return n
}

func moment(layout, text string) time.Time {
	t, err := time.Parse(layout, text)
	if err != nil {
		panic(err)
	}
	return t
}

// compare orders two values of one type; texts by their bytes.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case *big.Rat:
		return a.Cmp(b.(*big.Rat))
	case Instant:
		return int(min(1, max(-1, a-b.(Instant))))
	case Date:
		return int(min(1, max(-1, a-b.(Date))))
	case bool:
		if a == b.(bool) {
			return 0
		}
		return 1
	}
	panic(fmt.Sprintf("a %T has no order", a))
}
