package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheFirstSegmentThatDiffersIsNamed(t *testing.T) {
	names := []string{"few", "same", "other"}
	ours := members{"same": {"a", "b"}, "other": {"a", "b"}}
	theirs := members{"few": {"z"}, "same": {"a", "b"}, "other": {"a", "c", "d"}}
	err := differences(names, ours, theirs)
	want := "segment other: we have 2 members and the peer 3; 1 of ours it lacks, 2 of its own we lack"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err := differences(names[:2], ours, theirs); err != nil {
		t.Errorf("a list of fewer than %d people is not published: %v", heldBelow, err)
	}
	many := make([]string, heldBelow)
	if differences([]string{"few"}, ours, members{"few": many}) == nil {
		t.Errorf("a list of %d people is not there, and nobody misses it", heldBelow)
	}
}

func TestRatiosAreMediansOfPairs(t *testing.T) {
	const s = time.Second
	ours := []usage{{s, 4 * s, 10}, {9 * s, s, 30}, {2 * s, s, 20}}
	peer := []usage{{s, s, 7}, {3 * s, s, 7}, {s, s, 8}}
	got := compare(ours, peer)
	if got.Wall != 2 || got.CPU != 1 || got.Peak != 20 || got.PeerPeak != 7 || got.LeastWall != 1 || got.LargeWall != 3 {
		t.Errorf("got %+v", got)
	}
}
