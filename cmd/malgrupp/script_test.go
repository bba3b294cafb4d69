package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"malgrupp": main,
		"crash":    crash,
	})
}

// The scripts in testdata/script try the program as a user would: exit codes, streams, files written and not written.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"parquet": writeParquet,
			"csv":     writeCSV,
			"keygen":  func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(keys.Generate(ts.MkAbs(args[0]))) },
			"open":    openList,
			"exits":   exits,
			"project": copyProject,
			"damage":  damage,
			"locked":  locked,
		},
	})
}

// exits CODE ARGS... runs malgrupp in the work folder and wants that exit code; the variable NOW sets its clock, and
// ANSWERS names the file of what somebody at the terminal answers. What it printed is in out.txt and err.txt.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { v := ts.Getenv(name); return v, v != "" }
	all := append([]string{"-C", ts.MkAbs(".")}, args[1:]...)
	answers := ts.Getenv("ANSWERS")
	in := ""
	if answers != "" {
		in = ts.ReadFile(answers)
	}
	a := newApp(streams{in: strings.NewReader(in), out: &out, err: &errs, asks: answers != ""}, lookup)
	if text := ts.Getenv("NOW"); text != "" {
		us, ok := value.ParseTimestamp(text)
		if !ok {
			ts.Fatalf("NOW is %q", text)
		}
		a.now = func() time.Time { return time.UnixMicro(us) }
	}
	code := a.execute(context.Background(), all)
	fmt.Fprint(ts.Stdout(), out.String())
	fmt.Fprint(ts.Stderr(), errs.String())
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n%s%s", code, args[0], out.String(), errs.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("out.txt"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err.txt"), errs.Bytes(), 0o600))
}

// openList GLOB FILE decrypts the one list that matches, with keys/list.key.
func openList(ts *testscript.TestScript, _ bool, args []string) {
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	slices.Sort(names)
	key, err := os.ReadFile(ts.MkAbs("keys/list.key"))
	ts.Check(err)
	ids, err := age.ParseIdentities(bytes.NewReader(key))
	ts.Check(err)
	sealed, err := os.ReadFile(names[len(names)-1])
	ts.Check(err)
	plain, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	ts.Check(err)
	text, err := io.ReadAll(plain)
	ts.Check(err)
	if rest, padded := bytes.CutSuffix(text, []byte("\n\n")); padded { // text ends in empty lines
		text = append(bytes.TrimRight(rest, "\n"), '\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}

// writeParquet TABLE FILE turns a text table into Parquet: a header of name:type, then rows of cells between blanks; a
// cell - is null, # counts from 0 the times a row that ends in xN is written, \xff is a byte.
func writeParquet(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	columns := header(ts, lines[0])
	values := make([]parquet.Values, len(columns))
	rows := 0
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		times := 1
		if n := len(cells) - 1; n == len(columns) {
			if _, err := fmt.Sscanf(cells[n], "x%d", &times); err != nil {
				ts.Fatalf("row %q: %v", line, err)
			}
			cells = cells[:n]
		}
		if len(cells) != len(columns) {
			ts.Fatalf("row %q has %d cells, want %d", line, len(cells), len(columns))
		}
		for no := range times {
			for i, cell := range cells {
				add(ts, &values[i], columns[i], strings.ReplaceAll(cell, "#", fmt.Sprint(no)))
			}
			rows++
		}
	}
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{})
	ts.Check(err)
	ts.Check(w.Write(rows, values))
	ts.Check(w.Close())
	name := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o700))
	ts.Check(os.WriteFile(name, out.Bytes(), 0o600))
}

// writeCSV TABLE FILE writes a text table as it is; # counts from 0 the times a line that ends in xN is written.
func writeCSV(ts *testscript.TestScript, _ bool, args []string) {
	var out strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		text, count, _ := strings.Cut(strings.TrimSpace(line), " x")
		times, err := strconv.Atoi(count)
		if err != nil {
			text, times = strings.TrimSpace(line), 1
		}
		for no := range times {
			out.WriteString(strings.ReplaceAll(text, "#", fmt.Sprint(no)) + "\n")
		}
	}
	name := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o700))
	ts.Check(os.WriteFile(name, []byte(out.String()), 0o600))
}

func header(ts *testscript.TestScript, line string) []rules.Column {
	if strings.TrimSpace(line) == "consent" {
		return decide.ConsentColumns()
	}
	var out []rules.Column
	for _, cell := range strings.Fields(line) {
		name, kind, _ := strings.Cut(cell, ":")
		t, ok := value.ParseType(kind)
		if !ok {
			ts.Fatalf("column %q has no type", cell)
		}
		out = append(out, rules.Column{Name: name, Type: t, Optional: true})
	}
	return out
}

func add(ts *testscript.TestScript, v *parquet.Values, c rules.Column, cell string) {
	null := cell == "-"
	v.Null = append(v.Null, null)
	var read value.Value
	if bytes, err := strconv.Unquote(`"` + cell + `"`); err == nil {
		cell = bytes
	}
	if !null {
		var ok bool
		if read, ok = value.ParseValue(c.Type, cell); !ok {
			ts.Fatalf("column %s: %q is no read of its type", c.Name, cell)
		}
	}
	switch c.Type.Kind {
	case value.Text:
		v.Text = append(v.Text, read.Text)
	case value.Float:
		v.Floats = append(v.Floats, read.Float)
	default:
		v.Ints = append(v.Ints, read.Int)
	}
}

// copyProject writes the project of testdata/project, its logs and keys into the work folder.
func copyProject(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(projectDir)))
	ts.Check(keys.Generate(ts.MkAbs("keys")))
	for table, file := range map[string]string{
		"events-09.txt": "events/dt=2026-04-09/part.parquet", "events-10.txt": "events/dt=2026-04-10/part.parquet",
		"consent.txt": "consent/part.parquet",
	} {
		writeParquet(ts, false, []string{table, file})
	}
}

// projectDir is where the scripts' project lies; the scripts themselves run elsewhere.
var projectDir, _ = filepath.Abs(filepath.Join("..", "..", "testdata", "project"))

// damage FILE OFFSET overwrites four bytes; a negative offset counts from the end.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var at int
	_, err = fmt.Sscan(args[1], &at)
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	copy(data[at:], "\xff\xfe\xfd\xfc")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// locked CODE ARGS... is exits while somebody else holds the project's lock.
func locked(ts *testscript.TestScript, neg bool, args []string) {
	b, err := store.Open(context.Background(), "file://"+filepath.ToSlash(ts.MkAbs("out/state")), store.Options{
		Roots: []string{ts.MkAbs(".")},
	})
	ts.Check(err)
	lease, err := store.Acquire(context.Background(), b, "script-bank", store.Claim{Holder: "somebody", Now: time.Now})
	ts.Check(err)
	exits(ts, neg, args)
	ts.Check(lease.Release(context.Background()))
}
