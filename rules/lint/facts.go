package lint

import (
	"github.com/malgrupp/malgrupp/rules"
)

// Facts is what the logs of a project say of its rules. Whoever reads logs gathers them; the linter judges them. All
// numbers of people are of those whom consent lets a use see, and as coarse as people may be told: a number below the
// floor is none, so that no finding depends on one person more or less (docs/consent.md, What is counted).
type Facts struct {
	AsOf  int64                            // where windows end, microseconds UTC
	Days  int                              // how many days before it are called recent
	Show  func(people int) string          // how a number of people is written
	Sizes map[string][]Size                // by segment: what it comes to in each use of consent
	Lists map[string][]ListSize            // by segment: the lists it would go out as
	Pairs []Pair                           // of lists at one destination that hold many of the same people
	Reach map[*rules.Condition]WindowReach // of conditions with a window
	Had   map[string]int                   // by Probe.Key: people of whom some use may see such a row of the recent days
}

// Size is what a segment comes to in one use of consent.
type Size struct {
	Recent    int            // people of whom the use was given a recent row
	Among     int            // of them those who qualify
	Members   int            // people who would be delivered
	Hidden    int            // of them those who rest on time that consent hides; of segments for advertising alone
	Qualified int            // everybody who does
	Matched   int            // people for whom match is true
	Excluded  int            // of them those whom exclude keeps out
	Undecided int            // people whose verdict waits for a period to end, or for data that is missing
	True      map[string]int // by path: people for whom a condition is true
}

// ListSize is one list that a segment would go out as.
type ListSize struct {
	Destination string
	Members     int
	Least       int // with fewer the list is withheld
}

// Pair is two lists of one destination and one use of consent.
type Pair struct {
	A, B        string // segments, in the order of their names
	Destination string
	InA, InB    int // members
	Common      int // members of both
}

// WindowReach is what the logs have for a condition's window.
type WindowReach struct {
	From  int64 // from when on what the condition looks for is covered
	Bytes int64 // stored bytes of the objects that the window reaches
}

// enough is how many people, or rows, a finding about shares needs: of fewer a share says nothing, or too much.
const enough = 50
