package scan_test

import (
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Two runs must name what they keep alike, or neither finds what the other kept.
func TestWhatIsKeptIsNamedAlikeInEveryRun(t *testing.T) {
	schema := copiesSchema(textType, true)
	schema.Columns = append(schema.Columns,
		rules.Column{Name: "gpc", Type: value.Type{Kind: value.Boolean}, Role: rules.RoleGPC},
		rules.Column{Name: "deny", Type: value.Type{Kind: value.Boolean}, Role: rules.RoleBrowserDeny})
	marks := map[string]bool{}
	for range 50 {
		s, err := scan.New(&scan.Plan{KnownBy: knownBy, MaxSkew: skew, Compile: compile}, schema, false,
			identity.NewSubjects(), scan.NewNames())
		if err != nil {
			t.Fatal(err)
		}
		k, _ := s.Keepsake()
		marks[k.Marks] = true
	}
	if len(marks) != 1 || marks[""] {
		t.Errorf("what rows may carry has the names %v, want one", marks)
	}
}
