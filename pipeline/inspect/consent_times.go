package inspect

import (
	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// times finds when people answered and when it was recorded.
func (g *guess) times() {
	is := func(s *seen) bool { _, _, ok := s.instants(); return ok }
	recorded := g.named(recordedNames, is)
	if recorded != nil {
		g.taken[recorded] = true
	}
	at := g.named(atNames, is)
	for _, s := range g.look.columns {
		if at == nil && !g.taken[s] && is(s) {
			at = s
		}
	}
	if at == nil {
		at, recorded = recorded, nil
	}
	if at == nil {
		g.problem = append(g.problem, "no column holds times that could be read")
		return
	}
	g.taken[at] = true
	t, why, _ := at.instants()
	g.remark("at: %s%s", Printable(at.path), why)
	g.say("at: %s", timeText(at.path, t))
	if recorded != nil {
		t, why, _ := recorded.instants()
		g.remark("recorded_at: %s%s", Printable(recorded.path), why)
		g.say("recorded_at: {column: %s%s}", quoted(recorded.path), timeKeys(t))
	}
}

// instants reports whether a column holds times, how they are read, and what is a guess about that.
func (s *seen) instants() (t project.MappedTime, why string, ok bool) {
	switch {
	case s.fault != "" || s.list || s.column.Name == "":
		return t, "", false
	case s.column.Type.Kind == value.Timestamp:
		if s.column.Zone != "" || s.column.INT96 != "" {
			t.Zone, why = utc(), "; the file names no zone, UTC is a guess"
		}
		return t, why, true
	case s.column.Type.Kind == value.Integer:
		t.Unit = s.unit()
		return t, "; whole numbers that look like " + t.Unit + " since 1970", t.Unit != ""
	case s.column.Type.Kind != value.Text || len(s.texts) == 0:
		return t, "", false
	}
	for _, t := range []project.MappedTime{{}, {Zone: utc()}, {Unit: "s"}, {Unit: "ms"}, {Unit: "us"}} {
		all := true
		for text := range s.texts {
			us, is := export.Instant(text, t)
			all = all && (text == "" || is && (t.Unit == "" || us/1e6 >= firstTime && us/1e6 < lastTime))
		}
		if all {
			switch {
			case t.Unit != "":
				why = "; whole numbers that look like " + t.Unit + " since 1970"
			case t.Zone != nil:
				why = "; its times name no zone, UTC is a guess"
			}
			return t, why, true
		}
	}
	return t, "", false
}

func utc() *value.Zone {
	z, err := value.LoadZone("UTC")
	if err != nil {
		panic(err) // it is part of the program
	}
	return z
}

func timeText(path string, t project.MappedTime) string {
	if keys := timeKeys(t); keys != "" {
		return "{column: " + quoted(path) + keys + "}"
	}
	return quoted(path)
}

func timeKeys(t project.MappedTime) string {
	switch {
	case t.Unit != "":
		return ", unit: " + t.Unit
	case t.Zone != nil:
		return ", zone: " + t.Zone.Name()
	}
	return ""
}
