package sql_test

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestALiteralIsPlainOrHexDigits(t *testing.T) {
	plain := regexp.MustCompile(`^'[^']*'$`)
	digits := regexp.MustCompile(`^[^']*'([0-9A-F]*)'[^']*$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.SampledFrom([]rune(`a'\"ä-/ %;`)))).Draw(t, "text")
		for _, d := range sql.Dialects {
			got := d.Quote(text)
			if plain.MatchString(got) && got == "'"+text+"'" {
				continue
			}
			m := digits.FindStringSubmatch(got)
			if m == nil {
				t.Fatalf("%s writes %q as %s", d.Name, text, got)
			}
			if bytes, err := hex.DecodeString(m[1]); err != nil || string(bytes) != text {
				t.Fatalf("%s writes %q as %s", d.Name, text, got)
			}
		}
	})
}

func TestSparkLiteralsHoldNoEscape(t *testing.T) {
	for _, text := range []string{`a\`, `a'b`, "a\nb", `\'; drop table x`} {
		if got := sql.Spark.Quote(text); !strings.HasPrefix(got, "CAST(X'") {
			t.Errorf("%q is written %s", text, got)
		}
	}
}

func TestNamesAreQuotedWhereTheyMustBe(t *testing.T) {
	got := []string{}
	for _, name := range []string{"c_price", "at", "User", `we"ird`, "c_user.geo"} {
		got = append(got, sql.DuckDB.Ident(name))
	}
	want := []string{"c_price", `"at"`, `"User"`, `"we""ird"`, `"c_user.geo"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPatternIsWrittenAnewForEachEngine(t *testing.T) {
	for pattern, want := range map[string][2]string{
		`/lainat/[a-z]+`: {`/lainat/[a-z]+`, `\A(?:/lainat/[a-z]+)\z`},
		`a.b|c{2,3}\d?`:  {`a[^\x{a}]b|c{2,3}[0-9]?`, `\A(?:a[^\x{a}]b|c{2,3}[0-9]?)\z`},
		`(?:ab)*x\.`:     {`(?:ab)*x\x{2e}`, `\A(?:(?:ab)*x\x{2e})\z`},
		`x(?:ab|c)?y`:    {`x(?:ab|c)?y`, `\A(?:x(?:ab|c)?y)\z`},
		`(ab|c)y`:        {`(?:ab|c)y`, `\A(?:(?:ab|c)y)\z`},
		`\bword`:         {`\bword`, ""},
		`[^/]+(a|b){2}é$`: {
			`[\x{0}-\x{2e}0-\x{10ffff}]+[a-b]{2}\x{e9}\z`,
			`\A(?:[\x{0}-\x{2e}0-\x{10ffff}]+[a-b]{2}\x{e9}\z)\z`,
		},
	} {
		for i, d := range sql.Dialects {
			got, err := d.Matches("x", pattern)
			if err != nil {
				t.Fatal(err)
			}
			if w := fmt.Sprintf("%s(x, %s)", map[string]string{
				"duckdb": "regexp_full_match", "spark": "regexp_like",
			}[d.Name], d.Quote(want[i])); want[i] != "" && got != w {
				t.Errorf("%s: %s is %s, want %s", d.Name, pattern, got, w)
			}
		}
	}
}

func TestAPatternWrittenAnewMatchesTheSameTexts(t *testing.T) {
	patterns := []string{
		`a+|b`, `(?:a|ab)(?:c|bcd)d*`, `[^a-c]\w?`, `.\s*`, `\ba.*\b`, `(a|b){2,3}c?`, `^$`, `[[:alpha:]]+é?`, `\d{2}|\D`,
		`()a`,
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom(patterns).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abcd 1é\n_")), 0, 6, -1).Draw(t, "text")
		written, err := sql.DuckDB.Matches("x", pattern)
		if err != nil {
			t.Fatal(err)
		}
		again := strings.TrimSuffix(strings.TrimPrefix(written, "regexp_full_match(x, '"), "')")
		want := regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString(text)
		if got := regexp.MustCompile(`\A(?:` + again + `)\z`).MatchString(text); got != want {
			t.Fatalf("%s written as %s matches %q: %t, want %t", pattern, again, text, got, want)
		}
	})
}

func TestAZoneWithoutChangesIsOneOffset(t *testing.T) {
	utc, err := value.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	clock := sql.DuckDB.Clock(utc, 0, 1e15)
	if got := clock.Later("x", value.Duration{N: 2, Unit: value.Day}); got != "(x + 172800000000)" {
		t.Error(got)
	}
}

func TestAZoneWithChangesIsACaseOfThem(t *testing.T) {
	helsinki, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) int64 {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixMicro()
	}
	clock := sql.Spark.Clock(helsinki, at("2026-03-01T00:00:00Z"), at("2026-05-01T00:00:00Z"))
	change := at("2026-03-29T01:00:00Z")
	if got, want := clock.Local("x"),
		fmt.Sprintf("(x + CASE WHEN x < %d THEN 7200000000 ELSE 10800000000 END)", change); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := clock.Earliest("x"),
		fmt.Sprintf("(CASE WHEN x < %d THEN x - 7200000000 ELSE greatest(x - 10800000000, %d) END)", change+7_200_000_000,
			change); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestADayThatBeginsAtOneIsCountedFromMidnight(t *testing.T) {
	beirut, err := value.LoadZone("Asia/Beirut")
	if err != nil {
		t.Fatal(err)
	}
	change, _ := value.ParseTimestamp("2026-03-29T01:00:00+03:00")
	clock := sql.DuckDB.Clock(beirut, change, change)
	local := fmt.Sprintf("(x + CASE WHEN x < %d THEN 7200000000 ELSE 10800000000 END)", change)
	want := clock.Earliest(fmt.Sprintf("((CASE WHEN x = %d THEN %d ELSE %s END) + 86400000000)", change,
		change+2*3600_000_000, local))
	if got := clock.Later("x", value.Duration{N: 1, Unit: value.Day}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzPatterns(f *testing.F) {
	for _, pattern := range []string{"", "a|b", `\w+\.`, "[^a]{3}", `(x|y)?\b`} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if rules.CheckPattern(pattern) != nil {
			return
		}
		for _, d := range sql.Dialects {
			if _, err := d.Matches("x", pattern); err != nil {
				t.Fatalf("%s: %q: %v", d.Name, pattern, err)
			}
		}
	})
}

func TestAPathIsQuotedNameByName(t *testing.T) {
	for path, want := range map[string]string{
		"user.geo.country": `"user".geo.country`, "Device ID": `"Device ID"`, "`a.b`.c": `"a.b".c`,
		"`say \"it\"`.`x``y`": "\"say \"\"it\"\"\".\"x`y\"",
	} {
		if got := sql.Dialects[0].Path(path); got != want {
			t.Errorf("%s is written %s, want %s", path, got, want)
		}
	}
}
