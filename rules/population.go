package rules

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// population reads the steps after match and exclude.
func (c *checker) population(o *yaml.Object) {
	c.part = "by"
	if n, ok := o.Find("top"); ok {
		c.seg.Top = c.top(n)
	}
	if n, ok := o.Find("cap"); ok {
		c.seg.Cap = c.cap(n)
	}
	c.seg.Stay = o.Duration("stay")
	if n, ok := o.Find("holdout"); ok {
		c.seg.Holdout = c.holdout(n)
	}
	if n, ok := o.Find("exclusive"); ok {
		c.seg.Exclusive = c.exclusive(n)
	}
	c.seg.MinSize = o.Whole("min_size")
}

func (c *checker) top(n yaml.Node) *Top {
	o, ok := n.Object("top")
	if !ok {
		return nil
	}
	o.Only(ruleKeys.Behind("spec").Behind("top"))
	t := &Top{}
	_, hasCount := o.Find("count")
	percent, hasPercent := o.Find("percent")
	switch {
	case hasCount == hasPercent:
		c.doc.Fail("E-MISSING-KEY", o.Span(), "top needs either count or percent",
			source.Expected("count: 1000 or percent: 10"))
	case hasCount:
		t.Count = o.Whole("count")
	default:
		t.Percent, _ = c.percent(percent)
	}
	if by, ok := o.Need("by"); ok {
		t.By = c.ranking(by, "top.by")
	}
	return t
}

func (c *checker) cap(n yaml.Node) *Cap {
	o, ok := n.Object("cap")
	if !ok {
		return nil
	}
	o.Only(ruleKeys.Behind("spec").Behind("cap"))
	limit := &Cap{Count: o.Whole("count")}
	if by, ok := o.Find("by"); ok {
		limit.By = c.ranking(by, "cap.by")
	}
	return limit
}

// ranking reads the metric by which people are ordered.
func (c *checker) ranking(n yaml.Node, path string) *Condition {
	at := n.Span()
	cond := c.condition(n, path)
	if cond == nil {
		return nil
	}
	if cond.Kind.Takes != TakesMetric {
		c.doc.Fail("E-RANK", at, cond.Verb+" cannot rank",
			source.Expected("a metric, such as {metric: days(), of: app_open, within: 30d}"))
		return nil
	}
	return cond
}

// percentScale is how finely a percentage is drawn: hashes are taken modulo 10,000.
const percentScale = 2

func (c *checker) percent(n yaml.Node) (value.Number, bool) {
	p, ok := n.Number()
	if !ok {
		return p, false
	}
	units, exact, fits := p.AtScale(percentScale)
	if !exact || !fits || units < 1 || units > 100_00 {
		c.doc.Fail("E-RANGE", n.Span(), fmt.Sprintf("percent is %v", p),
			source.Expected("more than 0, at most 100, at most two decimals"))
		return p, false
	}
	return p, true
}

func (c *checker) holdout(n yaml.Node) *Holdout {
	o, ok := n.Object("holdout")
	if !ok {
		return nil
	}
	o.Only(ruleKeys.Behind("spec").Behind("holdout"))
	h := &Holdout{Salt: c.scope.Salt}
	if p, ok := o.Need("percent"); ok {
		h.Percent, _ = c.percent(p)
	}
	if salt, ok := o.Find("salt"); ok {
		h.Salt, _ = salt.Text()
	} else if h.Salt == "" {
		o.Need("salt")
	}
	return h
}

// maxPriority bounds the rank of a segment in a group.
const maxPriority = 1_000_000

func (c *checker) exclusive(n yaml.Node) *Exclusive {
	o, ok := n.Object("exclusive")
	if !ok {
		return nil
	}
	o.Only(ruleKeys.Behind("spec").Behind("exclusive"))
	return &Exclusive{Group: o.Identifier("group"), Priority: o.Whole("priority"), Span: n.Span()}
}
