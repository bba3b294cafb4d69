package consent

import (
	"fmt"
	"time"
)

// Feed is what must be known of a consent log before any row is judged (docs/consent.md, The log as a whole). Times are
// microseconds UTC, days are days since 1970-01-01.
type Feed struct {
	Objects   int
	Rows      int64
	Watermark int64          // the largest recorded_at
	Days      map[int64]bool // the partitions that are there; nil for a log without
	Clock     bool           // now is the clock, not a given known_by
}

// FeedLimits are the limits a feed is held against.
type FeedLimits struct {
	Now           int64
	MaxAge        int64
	MaxConsentAge int64
	PreviousRows  int64 // of the last accepted run whose known_by is not later; 0: there is none
	PreviousFirst int64 // first partition that an accepted run has seen; 0: none
}

// FeedError says why the state of consent cannot be known. The run stops and writes no list.
type FeedError struct {
	Code, Reason, Hint string
}

func (e *FeedError) Error() string { return e.Code + ": " + e.Reason }

// Unreadable is a feed that cannot be read as it is.
func Unreadable(reason string) *FeedError {
	return &FeedError{
		"FEED_UNREADABLE", reason, "ask for the consent log to be exported again; an unreadable word may be a denial",
	}
}

const (
	dayLength  = 24 * 3600 * 1_000_000
	hourLength = 3600 * 1_000_000
	needed     = 395 // days of log that must be there
)

// Check returns the first thing that is wrong with a feed, or nil.
func (f *Feed) Check(l FeedLimits) error {
	export := "check the export of the consent log, then run again"
	switch {
	case f.Objects == 0 || f.Rows == 0:
		return &FeedError{"FEED_MISSING", "the consent log is empty", export}
	case l.Now-f.Watermark > l.MaxAge:
		return CheckAge(l.Now, f.Watermark, l.MaxAge)
	case f.Clock && f.Watermark-l.Now > hourLength:
		return &FeedError{
			"FEED_FUTURE",
			fmt.Sprintf("the newest event of the consent log lies %s ahead of the clock", length(f.Watermark-l.Now)),
			"check the clocks of this machine and of the exporter",
		}
	}
	if day, missing := f.gap(l); missing {
		return &FeedError{
			"FEED_GAP", "the consent log has no partition for " + time.Unix(day*86400, 0).UTC().Format(time.DateOnly), export,
		}
	}
	if l.PreviousRows > 0 && f.Rows*100 < l.PreviousRows*98 {
		return &FeedError{
			"FEED_SHRUNK",
			fmt.Sprintf("the consent log has %d rows, the last accepted run saw %d: an append-only log does not shrink",
				f.Rows, l.PreviousRows), "find out who removed rows; restore them from the exporter",
		}
	}
	return nil
}

// gap finds the first missing day between the first day needed and now: the later of now - 395 days and the log's first
// partition, or an earlier one that an accepted run has seen. Days after the watermark are not missing but late, and
// how late a feed may be is max_feed_age: an exporter that writes a day when it is over would else never pass.
func (f *Feed) gap(l FeedLimits) (day int64, missing bool) {
	if f.Days == nil {
		return 0, false
	}
	last := min(l.Now, f.Watermark) / dayLength
	first := last
	for d := range f.Days {
		first = min(first, d)
	}
	if l.PreviousFirst != 0 {
		first = min(first, l.PreviousFirst)
	}
	back := max(int64(needed), l.MaxConsentAge/dayLength)
	for d := max(first, last-back); d <= last; d++ {
		if !f.Days[d] {
			return d, true
		}
	}
	return 0, false
}

func length(us int64) string {
	d := time.Duration(us) * time.Microsecond
	return d.Round(time.Second).String()
}

// CheckAge judges the age of a feed alone, as at the re-check before publication.
func CheckAge(now, watermark, maxAge int64) error {
	if now-watermark <= maxAge {
		return nil
	}
	return &FeedError{
		"FEED_STALE",
		fmt.Sprintf("the newest event of the consent log was recorded %s before now, allowed are %s", length(now-watermark),
			length(maxAge)),
		"check the export of the consent log, then run again",
	}
}

// CheckStrings judges how many of the distinct TC strings of the log and the rows can be decoded.
func CheckStrings(distinct, broken int) error {
	if 100*broken <= 5*distinct {
		return nil
	}
	return &FeedError{
		"FEED_TC_BROKEN", "more than 5 % of the distinct TC strings cannot be decoded",
		"look where the export cuts or re-encodes them; each such string counts as a denial",
	}
}

// CheckListAge judges a suppression or protected list by the age of its object; one newer than now is fresh.
func CheckListAge(name string, present bool, age, maxAge int64) error {
	switch {
	case !present:
		return &FeedError{"SUPPRESSION_MISSING", "the " + name + " list is not there", "restore the list, or an empty one"}
	case age > maxAge:
		return &FeedError{
			"SUPPRESSION_STALE", fmt.Sprintf("the %s list is %s old, allowed are %s", name, length(age), length(maxAge)),
			"write the list anew every day, or set max_age for it",
		}
	}
	return nil
}
