package project

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules/source"
)

// TestSettingsAreRefusedAsThePaperSays judges the decisions of the vectors folder that ask about the project file.
func TestSettingsAreRefusedAsThePaperSays(t *testing.T) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(root, "consent", "decisions.csv"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, row := range rows[1:] {
		id, ask, setting, expect, reason := row[0], row[1], row[11], row[12], row[13]
		if ask != "config" {
			continue
		}
		setting, _, _ = strings.Cut(setting, ";")
		key, value, _ := strings.Cut(setting, "=")
		project := smallest
		switch key {
		case "retention_days":
			project += "retention: " + value + "d\n"
		case "max_consent_age_days":
			project = strings.Replace(project, "protected: none", "protected: none, max_consent_age: "+value+"d", 1)
		case "report_k":
			project += "guards: {report_k: " + value + "}\n"
		case "purpose":
			project = strings.Replace(project, "type: file_csv,",
				"type: file_csv, activate: \""+strings.TrimPrefix(value, "activate:")+"\",", 1)
		case "accept_legitimate_interest":
			project = strings.Replace(project, "type: file_csv,",
				"type: file_csv, vendor: 755, accept_legitimate_interest: "+value+",", 1)
		default:
			t.Errorf("%s sets %q, which no test knows", id, key)
			continue
		}
		judged++
		_, found := Read(&source.Source{Name: "malgrupp.yaml", Text: project}, "", platforms)
		switch expect {
		case "run":
			if len(found) > 0 {
				t.Errorf("%s: %s", id, found.Text())
			}
		default:
			if len(found) != 1 || !strings.HasPrefix(found[0].Message, reason+": ") {
				t.Errorf("%s: want %s alone, got\n%s", id, reason, found.Text())
			}
		}
	}
	t.Logf("%d settings judged", judged)
}
