package load

import (
	"testing"
)

func TestAPlaceIsAURLAFolderOrLiesBelowTheProject(t *testing.T) {
	l := &Loaded{Dir: "/srv/bank 1#a"}
	for place, want := range map[string]string{
		"s3://bucket/events/":  "s3://bucket/events/",
		"file:///srv/a%20b":    "file:///srv/a%20b",
		"events/":              "file:///srv/bank%201%23a/events",
		"/mnt/lists/":          "file:///mnt/lists",
		"../elsewhere/25%-off": "file:///srv/elsewhere/25%25-off",
	} {
		if got := l.Absolute(place); got != want {
			t.Errorf("%s is %s, want %s", place, got, want)
		}
	}
}
