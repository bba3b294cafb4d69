package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// mapFor looks at an export in memory; m is tried, or nil for a proposal.
func mapFor(t rapid.TB, data []byte, m *project.ConsentMap) (*inspect.ConsentInspection, project.Consent, error) {
	ctx, memory := context.Background(), &store.Memory{}
	bucket, err := store.Open(ctx, "mem://export/", store.Options{Memory: memory})
	if err == nil {
		err = bucket.UploadBytes(ctx, "part.csv", data, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	stores := folder.NewStores(store.Options{Memory: memory})
	defer stores.Close()
	conf := project.Consent{
		TrustedSources: []string{"cmp"}, MaxFeedAge: value.Duration{N: 26, Unit: value.Hour},
		MaxConsentAge: value.Duration{N: 390, Unit: value.Day}, Map: m,
	}
	now, _ := value.ParseTimestamp("2026-04-10T22:00:00Z")
	in, err := inspect.Consent(ctx, stores, "mem://export/", inspect.ConsentOptions{
		InspectOptions: inspect.InspectOptions{Objects: 9, Rows: 1000}, Conf: conf, Now: now,
	})
	return in, conf, err
}

// What is proposed can be pasted as it stands, and reads every row that was looked at.
func TestAProposedMapWorksAsItIsPrinted(t *testing.T) {
	for name, c := range map[string]struct{ head, row, like, granted, denied string }{
		"wide": {
			"visitor_id;ts;analytics;marketing", "v%[1]d;2026-04-10 20:00:00;%[2]s;no", "", "measure", "profile",
		},
		"long": {
			"customer_id,consent_date,purpose,status", "c%[1]d,2026-04-10T20:00:00Z,profiling,%[2]s", "", "profile", "",
		},
		"list": {
			"device_id,timestamp,accepted_purposes", `d%[1]d,1775851200,"[""analytics"",""ads""]"`, "", "measure", "",
		},
		"numbers": {"cookie_id,at,statistics", "d%[1]d,2026-04-10T20:00:00+00:00,1", "", "measure", ""},
		"cookiebot": {
			"stamp,necessary,preferences,statistics,marketing,method,utc",
			"s%[1]d,true,true,true,false,explicit,1775851200000", "cookiebot", "measure", "profile",
		},
		"usercentrics": {
			"Controller ID,Timestamp,Data Processing Service ID,Consent Given",
			"s%[1]d,2026-04-10 20:00:00,Google Analytics,true", "usercentrics", "measure", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(c.head + "\n")
			for i := range 70 {
				b.WriteString(strings.SplitN(fmt.Sprintf(c.row, i, "yes"), "%!(EXTRA", 2)[0] + "\n")
			}
			in, conf, err := mapFor(t, []byte(b.String()), nil)
			check(t, err)
			m, found := project.ReadMap(&source.Source{Name: "printed", Text: in.Map.Text}, conf)
			if found.Failed() || in.Map.Problem != "" || m.Like != c.like || len(in.Faults) > 0 {
				t.Fatalf("%s\n%s\n%+v\n%+v", in.Map.Text, found.Text(), in.Map, in.Faults)
			}
			again, _, err := mapFor(t, []byte(b.String()), m)
			check(t, err)
			for _, p := range again.Purposes {
				granted := p.Devices.Granted.String() + p.Customers.Granted.String()
				denied := p.Devices.Denied.String() + p.Customers.Denied.String()
				if p.Purpose == c.granted && !strings.Contains(granted, "70") ||
					p.Purpose == c.denied && !strings.Contains(denied, "70") {
					t.Errorf("%s\n%+v", in.Map.Text, again.Purposes)
				}
			}
			if len(again.Faults) > 0 || len(again.Purposes) == 0 {
				t.Errorf("%+v", again.Faults)
			}
		})
	}
}

// All faults are told at once, and none of them tells a value.
func TestATriedMapSaysAllFaultsAtOnce(t *testing.T) {
	m := &project.ConsentMap{
		Delimiter: ',', Kind: "device", Subject: "who", Purpose: "topic", Answer: "said", EventID: "nr",
		Purposes: map[string][]string{"ads": {"profile"}}, Answers: map[string]string{"yes": "grant", "no": "deny"},
		At: project.MappedTime{Column: "at"}, SourceColumn: "via",
	}
	rows := `nr,who,topic,said,at,via
1,secret-a,ads,yes,2026-04-10T20:00:00Z,cmp
2,secret-b,ads,secret-c,2026-04-10T20:00:00Z,cmp
3,secret-d,secret-e,no,2026-04-10T20:00:00Z,cmp
4,secret-f,ads,no,secret-g,cmp
5,,ads,no,2026-04-10T20:00:00Z,cmp
,secret-h,ads,no,2026-04-10T20:00:00Z,cmp
7,secret-i,ads,yes,2026-04-10T20:00:00Z,secret-j
8,secret-k,ads,no,2026-04-10T20:00:00Z,
`
	in, _, err := mapFor(t, []byte(rows), m)
	check(t, err)
	all := fmt.Sprintf("%+v", in)
	for _, want := range []string{
		"which consent.map.answer names", "which consent.map.purpose names", "which consent.map.at names", "no subject",
		"no event id", "no source", "of a source that",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not told: %+v", want, in.Faults)
		}
	}
	if strings.Contains(all, "secret") {
		t.Errorf("a value is told: %s", all)
	}
}

// Whatever a header and its cells hold, what is printed can be read as YAML, or says that it is not complete.
func TestAProposalIsAlwaysYAML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.SampledFrom([]string{
			"yes", "no", "", "true", "0", "2026-04-10T20:00:00Z", "a: b", "#x", "[1", "'", "{", "\ufffd",
		}), rapid.StringMatching(`[^"\r\n;,|\t\x{feff}]{0,6}`))
		name := rapid.OneOf(rapid.SampledFrom([]string{
			"device_id", "at", "status", "purpose", "scopes", "id", "consent", "marketing",
		}), cell)
		head := rapid.SliceOfNDistinct(name, 1, 6, rapid.ID[string]).Draw(t, "head")
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, len(head), len(head)), 0, 5).Draw(t, "rows")
		var b strings.Builder
		for _, row := range append([][]string{head}, rows...) {
			b.WriteString(`"` + strings.Join(row, `","`) + "\"\n")
		}
		in, conf, err := mapFor(t, []byte(b.String()), nil)
		if err != nil {
			return // no CSV that could be looked at
		}
		_, found := project.ReadMap(&source.Source{Name: "printed", Text: in.Map.Text}, conf)
		if found.Failed() && in.Map.Problem == "" {
			t.Fatalf("%s\n%s", in.Map.Text, found.Text())
		}
		for _, f := range found {
			if f.Code != "E-MISSING-KEY" {
				t.Fatalf("%s\n%s", in.Map.Text, found.Text())
			}
		}
	})
}
