package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

// publication is what a reader finds who follows the highest marker: lists by "destination/segment.kind", control
// groups by segment, and what the state says about every list.
type publication struct {
	N        int64
	RunID    string
	Lists    map[string][]string
	Control  map[string][]string
	Holdings map[string][]held
}

// held is one line of the holdings.
type held struct {
	Destination string `parquet:"destination"`
	Segment     string `parquet:"segment"`
	Key         string `parquet:"member_key"`
	ID          string `parquet:"identifier"`
	Action      string `parquet:"action"`
	RunID       string `parquet:"run_id"`
}

// reader opens what a project published: the recipient's key for lists, the project's own for the state.
type reader struct {
	loaded *load.Loaded
	list   *keys.Identity
	ring   *keys.Ring
}

func newReader(t *testing.T, l *load.Loaded) *reader {
	t.Helper()
	return &reader{
		loaded: l, ring: must(pipeline.OpenKeys(l, os.LookupEnv))(t),
		list: must(keys.Source{Dir: l.Dir, Env: os.LookupEnv}.Identity("file:keys/" + keys.ListFile))(t),
	}
}

// published reads everything that the highest marker below output names, and checks every digest on the way.
func (r *reader) published(t *testing.T) *publication {
	t.Helper()
	p := &publication{Lists: map[string][]string{}, Control: map[string][]string{}, Holdings: map[string][]held{}}
	out := filepath.Join(r.loaded.Dir, filepath.FromSlash(r.loaded.Project.Output))
	markers := must(filepath.Glob(filepath.Join(out, "markers", "*.json")))(t)
	if len(markers) == 0 {
		return p
	}
	var m record.Marker
	check(t, json.Unmarshal(must(os.ReadFile(slices.Max(markers)))(t), &m))
	p.N, p.RunID = m.N, m.RunID
	for _, o := range m.Objects {
		root := map[string]string{"output": r.loaded.Project.Output, "state": r.loaded.Project.State}[o.Root]
		sealed := must(os.ReadFile(filepath.Join(r.loaded.Dir, filepath.FromSlash(root), filepath.FromSlash(o.Name))))(t)
		if sum := sha256.Sum256(sealed); hex.EncodeToString(sum[:]) != o.SHA256 || int64(len(sealed)) != o.Size {
			t.Errorf("marker %d names %s with another digest or size", m.N, o.Name)
		}
		switch {
		case path.Base(o.Name) == "holdings.parquet.age":
			r.holdings(t, p, sealed)
			continue
		case o.Root == record.RootState:
			continue
		}
		r.file(t, p, m.RunID, o.Name, sealed)
	}
	return p
}

// file files one list or control group.
func (r *reader) file(t *testing.T, p *publication, runID, name string, sealed []byte) {
	t.Helper()
	plain := must(decrypt(r.list.Decrypt(bytes.NewReader(sealed))))(t)
	kind, rest, _ := strings.Cut(name, "/")
	rest, found := strings.CutPrefix(rest, runID+"/")
	if !found {
		t.Errorf("object %s does not lie in the folder of its run", name)
	}
	subjects, format := subjectsOf(t, strings.TrimSuffix(rest, ".age"), plain)
	where := map[string]map[string][]string{"lists": p.Lists, "control": p.Control}[kind]
	where[strings.TrimSuffix(strings.TrimSuffix(rest, ".age"), format)] = subjects
}

func decrypt(plain io.Reader, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

// subjectsOf parses a neutral file; its members must be in byte order and its segment the one of its name.
func subjectsOf(t *testing.T, name string, plain []byte) (subjects []string, format string) {
	t.Helper()
	type line struct {
		Subject string `parquet:"subject"`
		Segment string `parquet:"segment"`
		AsOf    int64  `parquet:"as_of,timestamp(microsecond)"`
	}
	var lines []line
	format = filepath.Ext(name)
	switch format {
	case ".parquet":
		lines = must(parquet.Read[line](bytes.NewReader(plain), int64(len(plain))))(t)
	case ".csv":
		rows := must(csv.NewReader(bytes.NewReader(plain)).ReadAll())(t)
		if got := strings.Join(rows[0], ","); got != "subject,segment,as_of" {
			t.Errorf("the header of %s is %s", name, got)
		}
		for _, row := range rows[1:] {
			lines = append(lines, line{Subject: row[0], Segment: row[1]})
		}
	default:
		t.Fatalf("list %s is of no form that this test reads", name)
	}
	subjects = []string{}
	for _, l := range lines {
		if !strings.HasPrefix(filepath.Base(name), l.Segment+".") {
			t.Errorf("list %s holds a line of segment %s", name, l.Segment)
		}
		subjects = append(subjects, l.Subject)
	}
	if !slices.IsSorted(subjects) || len(slices.Compact(slices.Clone(subjects))) != len(subjects) {
		t.Errorf("the members of %s are not in byte order, each once", name)
	}
	return subjects, format
}

func (r *reader) holdings(t *testing.T, p *publication, sealed []byte) {
	t.Helper()
	plain := must(decrypt(r.ring.DecryptState(bytes.NewReader(sealed))))(t)
	for _, h := range must(parquet.Read[held](bytes.NewReader(plain), int64(len(plain))))(t) {
		key := h.Destination + "/" + h.Segment
		p.Holdings[key] = append(p.Holdings[key], h)
	}
}

// ids are the people a list is held by, in order. A removal that is owed still is held, too.
func ids(of []held) []string {
	out := []string{}
	for _, h := range of {
		if h.Action != "remove" {
			out = append(out, h.ID)
		}
	}
	return out
}

// tree is every file below a folder with its content's digest, locks left out.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	check(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "locks") {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	}))
	return out
}

// night is a publication in which runs are told apart by their night alone.
func (p *publication) night() *publication {
	out := *p
	out.RunID, out.Holdings = p.RunID[:len("20260101T000001Z")], map[string][]held{}
	for name, lines := range p.Holdings {
		for _, h := range lines {
			h.RunID = h.RunID[:len("20260101T000001Z")]
			out.Holdings[name] = append(out.Holdings[name], h)
		}
	}
	return &out
}

// told is whom platforms have that did all that the markers told them, in their order.
func (r *reader) told(t *testing.T) map[string][]string {
	t.Helper()
	has := map[string]map[string]bool{}
	out := filepath.Join(r.loaded.Dir, filepath.FromSlash(r.loaded.Project.Output))
	for _, name := range must(filepath.Glob(filepath.Join(out, "markers", "*.json")))(t) {
		var m record.Marker
		check(t, json.Unmarshal(must(os.ReadFile(name))(t), &m))
		p := &publication{Lists: map[string][]string{}, Control: map[string][]string{}}
		for _, o := range m.Objects {
			if o.Root == record.RootOutput {
				r.file(t, p, m.RunID, o.Name, must(os.ReadFile(filepath.Join(out, filepath.FromSlash(o.Name))))(t))
			}
		}
		for name, ids := range p.Lists {
			list, action := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
			if has[list] == nil {
				has[list] = map[string]bool{}
			}
			for _, id := range ids {
				if action != ".snapshot" && has[list][id] == (action == ".adds") {
					t.Errorf("marker %d, %s: %s is told twice", m.N, name, id)
				}
				if action != ".snapshot" {
					has[list][id] = action == ".adds"
				}
			}
		}
	}
	told := map[string][]string{}
	for list, of := range has {
		maps.DeleteFunc(of, func(_ string, there bool) bool { return !there })
		told[list] = slices.Sorted(maps.Keys(of))
	}
	return told
}
