package preview

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
)

// Whoever subtracts numbers of one answer from one another learns of 50 people, or rows, or of nobody.
func TestNumbersOfWhatIfAreApart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	number := regexp.MustCompile(`"(?:members|leaving|entering|admitted_rows|[A-Z_]+)":(\d+)`)
	for range 200 {
		var sides [2][]pipeline.Becomes
		var uses [2][]record.UseCount
		for side := range sides {
			for i := range 3 {
				var holds []string
				for id := range 100 + r.IntN(900) {
					if r.IntN(900) > id/2 {
						holds = append(holds, fmt.Sprintf("%04d", id))
					}
				}
				name := fmt.Sprint(i + side) // each side has a list and a use of its own
				sides[side] = append(sides[side], pipeline.Becomes{
					List: state.List{Segment: name}, Count: record.SegmentCount{Members: shown.Count(len(holds))}, Holds: holds,
				})
				uses[side] = append(uses[side], record.UseCount{
					Use: name, People: shown.Count(r.IntN(900)), Refused: map[string]shown.Count{
						"DENIED": shown.Count(50 + r.IntN(500)), "EXPIRED": shown.Count(50 + r.IntN(500)),
					},
				})
			}
		}
		for _, of := range []any{listsWhatIf(sides[0], sides[1]), usesWhatIf(uses[0], uses[1])} {
			text, err := json.Marshal(of)
			if err != nil {
				t.Fatal(err)
			}
			var told []int
			for _, m := range number.FindAllSubmatch(text, -1) {
				n, _ := strconv.Atoi(string(m[1]))
				told = append(told, n)
			}
			slices.Sort(told)
			told = slices.Compact(told)
			if len(told) < 2 {
				t.Fatalf("%s tells too little", text)
			}
			for i := range told[1:] {
				if told[i+1]-told[i] < 50-9 { // numbers are rounded down after they were put apart
					t.Fatalf("%d and %d stand in one answer: %s", told[i], told[i+1], text)
				}
			}
		}
	}
}

func TestWhoLeavesAndEntersIsCountedByEntry(t *testing.T) {
	list := state.List{Segment: "s", Destination: "d"}
	side := func(from, to int) []pipeline.Becomes {
		var holds []string
		for id := from; id < to; id++ {
			holds = append(holds, fmt.Sprintf("%04d", id))
		}
		return []pipeline.Becomes{{List: list, Holds: holds}}
	}
	got := listsWhatIf(side(0, 300), side(70, 500))
	if len(got) != 1 || got[0].Leaving != 70 || got[0].Entering != 200 {
		t.Errorf("%+v, want 70 who leave and 200 who enter", got)
	}
}
