package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Every language says all that the English one says, with the same places to fill, and a word for whatever can come.
func TestEveryLanguageSaysEverything(t *testing.T) {
	needed := map[string][]string{
		"outcomes": {
			string(segments.In), string(segments.Control), string(segments.Undecided), string(segments.Wait),
			string(segments.Capped), string(segments.Withheld),
		},
		"purposes": {"measure", "profile", "link", "partner_data", "*", "activate:*"},
		"states":   {"grant", "deny", "none"}, "kinds": {"device", "customer"},
		"actions": {"grant", "deny", "withdraw", "object", "lift", "erase", "gpc", "browser", "state", "forget"},
	}
	for _, e := range []consent.Effect{
		consent.Opens, consent.Renews, consent.Voids, consent.Ends, consent.Refuses, consent.Lifts, consent.RunsOut,
		consent.Idle,
	} {
		needed["effects"] = append(needed["effects"], string(e))
	}
	for r := range consent.NoRecord + 1 {
		own := (r == consent.TCReplay || !strings.HasPrefix(r.String(), "TC_")) && !slices.Contains([]consent.Reason{
			consent.RowFuture, consent.RowRetention, consent.SensitiveContent, consent.CustomerGrantOnly,
		}, r)
		if own && r >= consent.Erased {
			needed["reasons"] = append(needed["reasons"], r.String())
		}
	}
	model := reflect.ValueOf(*english)
	for code, l := range languages {
		words := reflect.ValueOf(*l)
		for i := range words.NumField() {
			name, field := words.Type().Field(i).Name, words.Field(i)
			if field.Kind() == reflect.String {
				if field.Len() == 0 {
					t.Errorf("%s says nothing for %s", code, name)
				}
				for _, verb := range []string{"%s", "%d"} {
					if n, want := strings.Count(field.String(), verb), strings.Count(model.Field(i).String(), verb); n != want {
						t.Errorf("%s: %s has %d %s, English has %d", code, name, n, verb, want)
					}
				}
				continue
			}
			var keys []string
			for _, k := range field.MapKeys() {
				keys = append(keys, k.String())
			}
			slices.Sort(keys)
			slices.Sort(needed[name])
			if !slices.Equal(keys, needed[name]) {
				t.Errorf("%s: %s has words for %v, needed are %v", code, name, keys, needed[name])
			}
		}
	}
}

func TestTextsOfALogDoNotSteerATerminal(t *testing.T) {
	if got := logText("a\x1b[2Jb\nc\u202e"); got != `a\x1b[2Jb\nc\u202e` {
		t.Errorf("%q", got)
	}
	if got := logText("ev-2"); got != "ev-2" {
		t.Errorf("%q", got)
	}
}
