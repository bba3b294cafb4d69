package e2e_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/load"
)

// input reports whether a file is one that the ids come from.
func (n *nest) input(file string) bool {
	rel, _ := filepath.Rel(n.dir, file)
	return strings.HasPrefix(rel, "data"+string(filepath.Separator))
}

// search looks through everything that was written: as it is, decrypted with the recipient's key or the project's, and
// the values of Parquet.
func (n *nest) search(t *testing.T) {
	t.Helper()
	n.found = map[string]map[int]map[string]int{"what was printed": n.finder.in(n.said.Bytes())}
	r := newReader(t, must(load.Load(n.dir, "", 0))(t))
	files, opened := 0, 0
	check(t, filepath.WalkDir(n.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || n.input(file) {
			return err
		}
		files++
		rel, _ := filepath.Rel(n.dir, file)
		data := must(os.ReadFile(file))(t)
		n.note(rel, append([]byte(rel+"\n"), data...))
		if !strings.HasSuffix(file, ".age") {
			return nil
		}
		opened++
		plain, err := decrypt(r.list.Decrypt(bytes.NewReader(data)))
		if err != nil {
			plain = must(decrypt(r.ring.DecryptState(bytes.NewReader(data))))(t)
		} else {
			n.note(rel, must(r.list.Label(data))(t))
		}
		n.note(rel, plain)
		if strings.HasSuffix(file, ".parquet.age") {
			n.note(rel, values(t, plain))
		}
		return nil
	}))
	if files < 50 || opened < 40 {
		t.Errorf("%d files were searched and %d of them decrypted: that is not all that two nights write", files, opened)
	}
}

func (n *nest) note(file string, data []byte) {
	for who, spellings := range n.finder.in(data) {
		if n.found[file] == nil {
			n.found[file] = map[int]map[string]int{}
		}
		if n.found[file][who] == nil {
			n.found[file][who] = map[string]int{}
		}
		for spelling, k := range spellings {
			n.found[file][who][spelling] += k
		}
	}
}

// values are all values of a Parquet object, one a line.
func values(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	f := must(parquet.OpenFile(bytes.NewReader(data), int64(len(data))))(t)
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buffer := make([]parquet.Row, 512)
		for {
			k, err := rows.ReadRows(buffer)
			for _, row := range buffer[:k] {
				for _, v := range row {
					out.WriteString(v.String())
					out.WriteByte('\n')
				}
			}
			if err != nil {
				break
			}
		}
		check(t, rows.Close())
	}
	return out.Bytes()
}

// keptNoes are the ways of saying no that accepted runs keep, because they count also when no log has them any more
// (docs/consent.md, The log as a whole, and Signals on rows).
var keptNoes = []string{"objected", "gpc", "browser", "string on a row"}

// keepsActs reports the one state that holds ids of people who said no. The state of what was heard holds fingerprints
// alone and is no exception.
func keepsActs(file string) bool { return filepath.Base(file) == "acts.parquet.age" }

// keepsEvidence reports the rows of the log that are kept, encrypted, for the night after: of everybody whom the log
// has, but for those who are forgotten (docs/adr/0024-evidence-is-kept.md).
func keepsEvidence(file string) bool { return filepath.Base(filepath.Dir(file)) == "kept" }

func TestWhoSaidNoLeavesNoTrace(t *testing.T) {
	t.Parallel()
	n := newNest(t)
	n.do(t, "", "secret", "keygen", "--dir", filepath.Join(n.dir, "keys"))
	for _, run := range []string{"20261201T030000Z-000001", "20261202T030000Z-000002"} {
		n.deliver(t)
		n.do(t, "", "validate", "--data")
		n.do(t, "", "plan", "--out", filepath.Join(n.dir, "plan-"+run+".json"))
		n.do(t, "", "run", "--run-id", run)
	}
	n.ask(t, "text")
	n.ask(t, "json")
	n.search(t)
	n.judge(t)

	var lines strings.Builder
	for _, c := range n.people[:len(noes)] { // one of each way of saying no asks to be forgotten
		n.forgotten[c.number] = true
		lines.WriteString("device," + c.device + "\ncustomer," + c.customer + "\n")
	}
	n.do(t, lines.String(), "forget", "--subjects", "-", "--dry-run")
	n.do(t, lines.String(), "forget", "--subjects", "-", "--run-id", "20261203T030000Z-000003")
	n.do(t, "", "runs", "show", "latest")
	n.search(t)
	n.judge(t)
}

// planted is one who agrees to everything and is asked about.
func (n *nest) planted() *canary { return n.people[canaryCount+5] }

// ask gives every command that looks at people or at what runs did.
func (n *nest) ask(t *testing.T, form string) {
	t.Helper()
	for _, name := range []string{"sale-devices", "north", "held"} {
		n.do(t, "", "preview", name, "-o", form)
	}
	n.do(t, "", "diff", filepath.Join(n.dir, "old.yaml"), "sale-devices", "--data", "-o", form)
	n.do(t, n.planted().device, "why", "held", "-", "--reason", "test", "-o", form)
	n.do(t, n.planted().customer, "why", "sale-customers", "-", "--reason", "test", "-o", form)
	n.do(t, n.planted().customer, "subject", "show", "-", "--browsing", "--reason", "test", "-o", form)
	n.do(t, n.planted().device, "consent", "lookup", "-", "--reason", "test", "-o", form)
	n.do(t, "", "consent", "stats", "-o", form)
	n.do(t, "", "consent", "what-if", "--max-consent-age", "30d", "-o", form)
	n.do(t, "", "consent", "inspect", filepath.Join(n.dir, "data", "consent"), "-o", form)
	n.do(t, "", "runs", "show", "latest", "-o", form)
	n.do(t, "", "runs", "list", "-o", form)
	n.do(t, "", "segment", "overlap", "-o", form)
	n.do(t, "", "data", "contract", "-o", form)
	n.do(t, "", "data", "inspect", filepath.Join(n.dir, "data", "events"), "-o", form)
	n.do(t, "", "audit", "verify", "--identity", "file:keys/list.key", "-o", form)
}

// judge fails on every trace of somebody who said no, and where no trace was found of those who agree.
func (n *nest) judge(t *testing.T) {
	t.Helper()
	spellings, places, kept, lost, evidence := map[string]int{}, map[string]int{}, map[string]bool{}, 0, 0
	for file, people := range n.found {
		told := map[string]bool{} // of each way of saying no one trace is enough
		for who, how := range people {
			c := n.people[who]
			switch {
			case c.no == "":
				parts := strings.Split(filepath.ToSlash(file), "/") // out/lists/RUN/DESTINATION, out/control/RUN
				places[parts[1%len(parts)]]++
				places[parts[3%len(parts)]]++
				for spelling, k := range how {
					if c == n.planted() {
						spellings[spelling] += k
					}
				}
			case keepsActs(file) && slices.Contains(keptNoes, c.no) && !n.forgotten[who]:
				kept[c.no] = true
			case keepsEvidence(file) && !n.forgotten[who]:
				evidence++
			case filepath.Base(file) == "erasures.jsonl.age" && n.forgotten[who]: // whom the exporter shall lose, too
				lost++
			case !told[c.no]:
				told[c.no] = true
				t.Errorf("%s holds somebody who said no (%s), as %v", file, c.no, how)
			}
		}
	}
	for _, spelling := range []string{"part", "plain", "lower", "sha256 hex"} {
		if spellings[spelling] == 0 {
			t.Errorf("one who agrees to everything was not found as %s: the search finds nothing", spelling)
		}
	}
	for _, place := range []string{"files", "parquet", "google", "match", "meta", "own-site", "control"} {
		if places[place] < agreed/10 {
			t.Errorf("in the files of %s %d of those who agree were found: they are not what runs write", place, places[place])
		}
	}
	if lost != len(n.forgotten) {
		t.Errorf("the exporter is told to lose %d people, and %d asked for it", lost, len(n.forgotten))
	}
	for _, no := range keptNoes {
		if !kept[no] {
			t.Errorf("the state keeps nobody who said no (%s): the exception for it is not needed", no)
		}
	}
	if evidence == 0 {
		t.Error("kept evidence holds nobody: the exception for it is not needed")
	}
	t.Logf("one who agrees is found as %v; in all, those who agree in %v", spellings, places)
}
