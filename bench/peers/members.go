package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/keys"
)

// members are the device ids of each segment, sorted.
type members map[string][]string

// heldBelow is how many people a list must have to be published at all.
const heldBelow = 50

// differences compares what we published with what another engine found, segment by segment, and fails at the first one
// that differs.
func differences(rules []string, ours, theirs members) error {
	for _, name := range rules {
		mine, other := ours[name], theirs[name]
		if mine == nil && len(other) < heldBelow {
			continue // too few people to publish: nothing to compare
		}
		if !slices.Equal(mine, other) {
			return fmt.Errorf("segment %s: we have %d members and the peer %d; %d of ours it lacks, %d of its own we lack: "+
				"nothing was timed", name, len(mine), len(other), lacking(mine, other), lacking(other, mine))
		}
	}
	return nil
}

// lacking counts the ids that another sorted list does not have.
func lacking(ids, other []string) (n int) {
	for _, id := range ids {
		if _, found := slices.BinarySearch(other, id); !found {
			n++
		}
	}
	return n
}

// published opens the lists that the project's newest marker names, with its own key.
func (p *project) published() (members, error) {
	markers, err := filepath.Glob(filepath.Join(p.dir, "out", "markers", "*.json"))
	if err != nil || len(markers) == 0 {
		return nil, errors.Join(err, fmt.Errorf("read the lists of %s: no run published any", p.name))
	}
	text, err := os.ReadFile(slices.Max(markers))
	if err != nil {
		return nil, fmt.Errorf("read the lists of %s: %w", p.name, err)
	}
	var marker struct{ Objects []struct{ Root, Name string } }
	if err := json.Unmarshal(text, &marker); err != nil {
		return nil, fmt.Errorf("read the lists of %s: %w", p.name, err)
	}
	key, err := keys.Source{Dir: p.dir}.Identity("file:" + filepath.Join("keys", keys.ListFile))
	if err != nil {
		return nil, fmt.Errorf("open the lists of %s: %w", p.name, err)
	}
	out := members{}
	for _, o := range marker.Objects {
		name, isList := strings.CutSuffix(filepath.Base(o.Name), ".snapshot.csv.age")
		if !isList {
			continue
		}
		if out[name], err = openList(key, filepath.Join(p.dir, "out", filepath.FromSlash(o.Name))); err != nil {
			return nil, fmt.Errorf("open the list %s of %s: %w", o.Name, p.name, err)
		}
	}
	return out, nil
}

// openList decrypts a list and returns its ids, sorted; the list of nobody is nil.
func openList(key *keys.Identity, file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := key.Decrypt(f)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(plain)
	if _, err := rows.Read(); err != nil { // the header
		return nil, err
	}
	var ids []string
	err = eachRow(rows, func(row []string) { ids = append(ids, row[0]) })
	slices.Sort(ids)
	return ids, err
}

// found runs a peer and returns the members that it finds.
func (b *bench) found(ctx context.Context, p *project, of peer) (members, error) {
	file := filepath.Join(filepath.Dir(p.dir), "members.csv")
	if err := b.run(ctx, append(b.theirs(p, of, false).args, "--members", file)); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the members that %s found: %w", of.name, err)
	}
	defer f.Close()
	out := members{}
	if err := eachRow(csv.NewReader(f), func(row []string) { out[row[0]] = append(out[row[0]], row[1]) }); err != nil {
		return nil, fmt.Errorf("read the members that %s found: %w", of.name, err)
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out, os.Remove(file)
}

func eachRow(rows *csv.Reader, visit func(row []string)) error {
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		visit(row)
	}
}

// previewed checks that a preview says as many members as another engine found: in tens, as people are counted.
func (b *bench) previewed(ctx context.Context, p *project, theirs members) error {
	out, err := b.output(ctx, append(b.ours(p, false).args, "--output", "json"))
	if err != nil {
		return err
	}
	var said struct{ Uses []struct{ Members any } }
	if err := json.Unmarshal(out, &said); err != nil || len(said.Uses) != 1 {
		return errors.Join(err, fmt.Errorf("read what the preview of %s says: %s", p.asked, tail(out)))
	}
	n := len(theirs[p.asked])
	want := any(float64(n / 10 * 10))
	if n < heldBelow {
		want = "<50"
	}
	if got := said.Uses[0].Members; got != want {
		return fmt.Errorf("segment %s: we say %v members and the peer %d: nothing was timed", p.asked, got, n)
	}
	return nil
}
