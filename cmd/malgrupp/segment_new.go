package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/editor"
	"github.com/malgrupp/malgrupp/rules/format"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// ruleSchemaFile is where editors find what the project's rules may say.
const ruleSchemaFile = ".malgrupp/rule.schema.json"

// reviewAfter is how long a new segment stands before someone looks at it again, in days.
const reviewAfter = 180

// segmentDraft is what a new segment's file is made from.
type segmentDraft struct{ title, owner, purpose, identity, event, where, within, deliver, reviewBy string }

// question is one thing a draft needs. It is asked where its flag was not given; an optional one may stay empty.
type question struct {
	flag, usage string
	into        *string
	choices     []string
	fallback    string
	optional    bool
}

// questions are what a new segment needs, in the order in which one thinks of it.
func (d *segmentDraft) questions(s *rules.Scope) []question {
	var events []string
	for _, schema := range s.Schemas {
		events = append(events, slices.Sorted(maps.Keys(schema.Events))...)
	}
	slices.Sort(events)
	var review string
	if s.AsOf != 0 {
		review = (s.AsOf + reviewAfter).String()
	}
	return []question{
		{flag: "title", usage: "what the people of the segment have in common, in one line", into: &d.title, optional: true},
		{flag: "owner", usage: "who answers for it", into: &d.owner, choices: s.Contacts},
		{
			flag: "purpose", usage: "what it is for", into: &d.purpose, choices: []string{
				string(rules.Advertising), string(rules.Personalisation), string(rules.Analysis),
			}, fallback: string(rules.Advertising),
		},
		{
			flag: "identity", usage: "whom it counts", into: &d.identity, choices: []string{
				string(rules.DeviceLevel), string(rules.CustomerLevel),
			}, fallback: string(rules.DeviceLevel),
		},
		{flag: "event", usage: "which event they had", into: &d.event, choices: slices.Compact(events)},
		{
			flag: "where", usage: "which of these events count, such as page_path starts_with \"/loans\"", into: &d.where,
			optional: true,
		},
		{flag: "within", usage: "how far back it looks", into: &d.within, fallback: "30d"},
		{
			flag: "deliver", usage: "where it goes, several with commas", into: &d.deliver,
			choices: slices.Sorted(maps.Keys(s.Destinations)), optional: true,
		},
		{flag: "review-by", usage: "when someone looks at it again", into: &d.reviewBy, fallback: review},
	}
}

func (a *app) segmentNewCommand() *cobra.Command {
	var d segmentDraft
	c := &cobra.Command{
		Use: "new NAME", Short: "Write the file of a new segment", Args: cobra.ExactArgs(1),
		Long: "Asks on a terminal for what the flags leave out, checks the segment against the project and writes " +
			"segments/NAME.yaml; a\nfile that is there is not touched. Beside it " + ruleSchemaFile + " is brought up to " +
			"date, from which editors\ncomplete keys, columns and values.",
		RunE: func(_ *cobra.Command, args []string) error { return a.runSegmentNew(args[0], &d) },
	}
	for _, q := range d.questions(&rules.Scope{}) {
		c.Flags().StringVar(q.into, q.flag, "", q.usage)
	}
	return c
}

func (a *app) runSegmentNew(name string, d *segmentDraft) error {
	loaded, err := a.load("")
	if err != nil {
		return err
	}
	if loaded.Project == nil {
		return loaded.Findings
	}
	if slices.ContainsFunc(loaded.Segments, func(s *rules.Segment) bool { return s.Name == name }) {
		return usagef("there is already a segment %q: choose another name", name)
	}
	file := path.Join("segments", name+".yaml")
	if _, err := os.Stat(filepath.Join(loaded.Dir, filepath.FromSlash(file))); err == nil {
		return fileThere(file)
	}
	scope := loaded.Scope(value.DateOfDays(a.now().Unix() / 86400))
	if err := a.ask(d, name, scope); err != nil {
		return err
	}
	src := &source.Source{Name: file, Text: d.file(name)}
	if _, found := scope.Segment(src); found.Failed() {
		return found
	}
	text, found := format.File(src, scope.Language)
	if found.Failed() {
		return found
	}
	if err := createFile(loaded.Dir, file, text); err != nil {
		return err
	}
	if err := a.writeRuleSchema(loaded, scope); err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		File   string `json:"file"`
	}{"malgrupp.segment-new/v1", file}
	return a.print(doc, func(w io.Writer) {
		fmt.Fprintf(w, "wrote %s\nnext: malgrupp explain %s, then malgrupp preview %s\n", file, name, name)
	})
}

// ask fills what the flags left out: with the answers of whoever sits there, else with what is usual.
func (a *app) ask(d *segmentDraft, name string, scope *rules.Scope) error {
	questions := d.questions(scope)
	if a.asks && !a.noInput {
		if found := d.wrong(name, scope); found.Failed() {
			return found // the name and the flags: no answer could put them right
		}
		in := bufio.NewReader(a.in)
		for _, q := range questions {
			if *q.into != "" {
				continue
			}
			if err := q.answer(in, a.err, func() source.Findings { return d.wrong(name, scope) }); err != nil {
				return err
			}
		}
		return nil
	}
	var missing []string
	for _, q := range questions {
		switch {
		case *q.into != "":
		case q.fallback != "":
			*q.into = q.fallback
		case !q.optional:
			missing = append(missing, "--"+q.flag)
		}
	}
	if len(missing) > 0 {
		return usagef("nobody can be asked here: give %s", strings.Join(missing, ", "))
	}
	return nil
}

// wrong is what is wrong with the draft so far, something that is right standing in for what is not answered yet.
func (d *segmentDraft) wrong(name string, scope *rules.Scope) source.Findings {
	full := *d
	for _, q := range full.questions(scope) {
		switch {
		case *q.into != "" || q.optional:
		case q.fallback != "":
			*q.into = q.fallback
		case len(q.choices) > 0:
			*q.into = q.choices[0]
		default:
			*q.into = "any" // an event, where no schema lists its events
		}
	}
	_, found := scope.Segment(&source.Source{Name: "the answers", Text: full.file(name)})
	return found
}

// answer asks until the answer is right; what was answered before stands.
func (q *question) answer(in *bufio.Reader, out io.Writer, wrong func() source.Findings) error {
	for {
		fmt.Fprintf(out, "%s", q.usage)
		if len(q.choices) > 0 {
			fmt.Fprintf(out, " (%s)", strings.Join(q.choices, ", "))
		}
		if q.fallback != "" {
			fmt.Fprintf(out, " [%s]", q.fallback)
		}
		fmt.Fprint(out, ": ")
		line, err := in.ReadString('\n')
		if *q.into = strings.TrimSpace(line); *q.into == "" {
			*q.into = q.fallback
		}
		answered := *q.into != "" || q.optional && err == nil
		found := wrong()
		switch {
		case errors.Is(err, context.Canceled):
			return err
		case answered && !found.Failed():
			return nil
		case answered:
			tell(out, found)
			*q.into = ""
		}
		if err != nil {
			return usagef("no answer for --%s: %w; nothing was written", q.flag, err)
		}
	}
}

// tell says what is wrong with an answer; it stands in no file yet, so there are no places.
func tell(out io.Writer, found source.Findings) {
	for _, f := range found.Sorted() {
		if f.Severity != source.SeverityError {
			continue
		}
		fmt.Fprintf(out, "  %s\n", f.Message)
		for _, h := range f.Hints {
			fmt.Fprintf(out, "  %s: %s\n", h.Label, strings.ReplaceAll(h.Text, "\n", "\n    "))
		}
	}
}

// file is the segment as YAML; what was answered is quoted, so that no answer can add a key.
func (d *segmentDraft) file(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=../%s\n", ruleSchemaFile)
	fmt.Fprintf(&b, "apiVersion: malgrupp/v1\nkind: Segment\nmetadata:\n  name: %s\n", quoteYAML(name))
	if d.title != "" {
		fmt.Fprintf(&b, "  title: %s\n", quoteYAML(d.title))
	}
	review := d.reviewBy
	if _, ok := value.ParseDate(review); !ok {
		review = quoteYAML(review)
	}
	fmt.Fprintf(&b, "  owner: %s\n  review_by: %s\n", quoteYAML(d.owner), review)
	fmt.Fprintf(&b, "spec:\n  purpose: %s\n  identity: %s\n  deliver: [", quoteYAML(d.purpose), quoteYAML(d.identity))
	for i, to := range strings.FieldsFunc(d.deliver, func(r rune) bool { return r == ',' || r == ' ' }) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteYAML(to))
	}
	fmt.Fprintf(&b, "]\n  match:\n    did: %s\n", quoteYAML(d.event))
	if d.where != "" {
		fmt.Fprintf(&b, "    where: %s\n", quoteYAML(d.where))
	}
	fmt.Fprintf(&b, "    within: %s\n", quoteYAML(d.within))
	return b.String()
}

func quoteYAML(s string) string {
	return "'" + strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "'", "''") + "'"
}

// createFile writes a file of the project that must not be there yet.
func createFile(dir, name, text string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return usagef("open the project folder: %w", err)
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return usagef("make the folder of %s: %w", name, err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fileThere(name)
	}
	if err == nil {
		_, err = io.WriteString(f, text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return usagef("write %s: %w", name, err)
	}
	return nil
}

func fileThere(name string) error {
	return usagef("%s is there already: choose another name, or change that file", name)
}

// writeRuleSchema brings the schema that editors read up to date.
func (a *app) writeRuleSchema(loaded *load.Loaded, scope *rules.Scope) error {
	var text bytes.Buffer
	if err := editor.Rule(scope).Write(&text); err != nil {
		return err
	}
	root, err := os.OpenRoot(loaded.Dir)
	if err != nil {
		return usagef("open the project folder: %w", err)
	}
	defer root.Close()
	err = local.Path(root, ruleSchemaFile)
	if err == nil {
		err = root.MkdirAll(path.Dir(ruleSchemaFile), 0o755)
	}
	if err == nil {
		err = root.WriteFile(ruleSchemaFile, text.Bytes(), 0o644)
	}
	if err != nil {
		return usagef("write %s: %w", ruleSchemaFile, err)
	}
	return nil
}
