package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
)

// Line is a manifest line as the audit folder has it.
type Line struct {
	RunID    string    `json:"run_id"`
	Valid    bool      `json:"signature_valid"`
	Manifest *Manifest `json:"manifest"`
	digest   string
}

// Lines returns the manifest lines of a project, newest first.
func Lines(ctx context.Context, j *Job) ([]Line, error) {
	audit, err := j.Bucket(ctx, j.Project.Audit)
	if err != nil {
		return nil, err
	}
	objects, err := listed(ctx, audit, "")
	if err != nil {
		return nil, err
	}
	var out []Line
	for _, o := range objects {
		id := strings.TrimSuffix(o.Key, ".json")
		if !ValidRunID(id) {
			continue
		}
		data, err := audit.ReadAll(ctx, o.Key, maxLine)
		if err != nil {
			return nil, err
		}
		m, err := ReadLine(data)
		if err != nil {
			return nil, fault.New(fault.Audit, "CHAIN_BROKEN", fmt.Errorf("read %s%s: %w", audit.URL(), o.Key, err),
				"restore the audit folder")
		}
		out = append(out, Line{id, VerifyLine(data, j.Keys.Verify), m, digest(data)})
	}
	inOrder(out)
	return out, nil
}

// inOrder sorts lines by their order in the chain, newest first; what hangs in no chain goes by its id.
func inOrder(lines []Line) {
	before := map[string]string{}
	for _, l := range lines {
		before[l.digest] = l.Manifest.Previous
	}
	place := map[string]int{"": 0}
	for _, l := range lines {
		var way []string
		at := l.digest
		for len(way) <= len(lines) {
			if _, known := place[at]; known {
				break
			}
			way, at = append(way, at), before[at]
		}
		for i, d := range slices.Backward(way) {
			place[d] = place[at] + len(way) - i
		}
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(place[b.digest], place[a.digest]), strings.Compare(b.RunID, a.RunID))
	})
}

// FindLine finds a run by its id, the beginning of it, or latest and latest~1, latest~2, ...
func FindLine(lines []Line, name string) (Line, error) {
	if back, ok := strings.CutPrefix(name, "latest"); ok {
		n, err := 0, error(nil)
		if back != "" {
			n, err = strconv.Atoi(strings.TrimPrefix(back, "~"))
		}
		if err == nil && n >= 0 && n < len(lines) {
			return lines[n], nil
		}
	}
	var found []Line
	for _, l := range lines {
		if strings.HasPrefix(l.RunID, name) {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return Line{},
			fault.New(fault.Usage, "RUN", fmt.Errorf("%d runs are called %q", len(found), name), "malgrupp runs list shows them")
	}
	return found[0], nil
}
