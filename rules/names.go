package rules

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// checkNames looks for words that ad platforms refuse in what they see of a segment: its platform_name, or its name where
// it has none, and its name again where lists are carried there by hand under their file's name (formats.md 13).
func (c *checker) checkNames(o *yaml.Object) {
	if c.seg.Purpose != Advertising {
		return
	}
	for _, key := range []string{"name", "platform_name"} {
		n, ok := o.Find(key)
		if !ok {
			continue
		}
		text, _ := n.Text()
		if d, found := DelicateIn(text); found {
			c.delicateName(key, n, text, d)
		}
	}
}

// delicateName reports a name once: as an error if a destination refuses it, else as a warning if one sees it.
func (c *checker) delicateName(key string, n yaml.Node, text string, d Delicate) {
	var refusing, seeing []string
	for _, name := range c.seg.Deliver {
		place := c.scope.Destinations[name]
		switch {
		case key == "name" && c.seg.PlatformName != "" && !place.ByHand:
		case place.RefusesNames:
			refusing = append(refusing, name)
		default:
			seeing = append(seeing, name)
		}
	}
	hints := []source.Hint{source.Expected(d.Instead), source.Fix("platform_name: a name for the platforms")}
	if key == "platform_name" || c.seg.PlatformName != "" {
		hints = hints[:1]
	}
	message := fmt.Sprintf("%q in %q speaks of %s", d.Word, text, d.About)
	switch {
	case len(refusing) > 0:
		c.doc.Fail("E-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(refusing, " and ")+" would switch the audience off", hints...)
	case len(seeing) > 0:
		c.doc.Warn("W-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(seeing, " and ")+" would see it", hints...)
	}
}
