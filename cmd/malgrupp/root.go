package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/source"
)

// streams is where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	terminal bool // err is a terminal
	asks     bool // in is a terminal: somebody can answer
	columns  int  // of the terminal that out is; 0: it is none
}

func systemStreams() streams {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		columns = 0
	}
	return streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, terminal: term.IsTerminal(int(os.Stderr.Fd())),
		asks: term.IsTerminal(int(os.Stdin.Fd())), columns: columns,
	}
}

// app is what the commands share: global flags, streams, clock and environment.
type app struct {
	streams
	lookup    func(string) (string, bool)
	environ   func() []string
	now       func() time.Time
	project   string
	profile   string
	output    string
	json      bool
	quiet     bool
	verbose   int
	logFormat string
	logFile   string
	progress  string
	color     string
	noInput   bool
	runID     string
	yes       bool
	workers   int
	log       *slog.Logger
	profiling profiling
	closers   []io.Closer
	publishes atomic.Bool // a signal waits for what is being written
}

func newApp(s streams, lookup func(string) (string, bool)) *app {
	return &app{streams: s, lookup: lookup, environ: os.Environ, now: time.Now, log: slog.New(slog.DiscardHandler)}
}

// execute runs one command line and returns its exit code.
func (a *app) execute(ctx context.Context, args []string) (code int) {
	ctx, stop := a.signals(ctx)
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			code = finish(unforeseen(p), a.err, a.asJSON())
		}
	}()
	out := &written{to: a.out, columns: a.columns}
	a.out = out
	a.in = patient{ctx, a.in}
	root := a.rootCommand()
	root.SetArgs(args)
	err := unknownCommand(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	for _, c := range a.closers {
		_ = c.Close()
	}
	if stopped, ok := errors.AsType[outcome](context.Cause(ctx)); ok && errors.Is(err, context.Canceled) {
		err = stopped
	}
	return finish(lost(err, out.first), &written{to: a.err, colours: a.coloured(a.terminal)}, a.asJSON())
}

// lost is how a command ends whose output could not be written: that counts more than what it has to say, and less than
// what made it fail.
func lost(err, write error) error {
	if _, said := errors.AsType[outcome](err); write != nil && (err == nil || said || errors.Is(err, write)) {
		return fmt.Errorf("write to standard output: %w", write)
	}
	return err
}

func (a *app) asJSON() bool { return a.json || a.output == "json" }

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "malgrupp",
		Short: "Audiences for ad platforms from a bank's browsing logs, from consented people only",
		Long: "malgrupp reads browsing logs (Parquet), keeps only what people consented to, applies segment rules and " +
			"writes\naudience lists. Start with: malgrupp demo --dir demo\n\n" + exitTable(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error { return a.prepare(cmd, args) },
	}
	root.Version = versionWords() // a template of our own would keep every method of every library in the program
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.StringVarP(&a.project, "project", "C", ".", "folder of the project")
	f.StringVarP(&a.profile, "profile", "p", "", "profile of malgrupp.yaml to lay over it")
	f.StringVarP(&a.output, "output", "o", "text", "form of what goes to standard output: text or json")
	f.BoolVar(&a.json, "json", false, "the same as -o json")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no hints")
	f.CountVarP(&a.verbose, "verbose", "v", "more log lines; repeat for more")
	f.StringVar(&a.logFormat, "log-format", "auto", "auto, text or json")
	f.StringVar(&a.logFile, "log-file", "", "write the log to this file as well")
	f.StringVar(&a.progress, "progress", "auto", "auto, bar, plain, json or off")
	f.StringVar(&a.color, "color", "auto", "auto, always or never")
	f.BoolVar(&a.noInput, "no-input", false, "never ask")
	f.StringVar(&a.runID, "run-id", "", "id of the run (default: made from the clock)")
	f.BoolVarP(&a.yes, "yes", "y", false, "answer yes to every question")
	f.IntVar(&a.workers, "workers", runtime.GOMAXPROCS(0), "how many row groups are read at once")
	a.profiling.flags(f)
	for _, c := range a.commands() {
		root.AddCommand(c)
	}
	usageOfArguments(root)
	return root
}

// usageOfArguments makes a wrong number of arguments a mistake in the command line, for every command.
func usageOfArguments(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%s: %w", cmd.CommandPath(), err)}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageOfArguments(sub)
	}
}

// commands are all verbs; each has a file of its own.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.initCommand(), a.demoCommand(), a.validateCommand(), a.fmtCommand(), a.testCommand(), a.planCommand(),
		a.applyCommand(), a.previewCommand(), a.whyCommand(), a.segmentCommand(), a.runCommand(), a.runsCommand(),
		a.forgetCommand(), a.auditCommand(), a.consentCommand(), a.subjectCommand(), a.reportCommand(), a.statsCommand(),
		a.dataCommand(), a.destinationCommand(), a.explainCommand(), a.sqlCommand(), a.diffCommand(), a.explainCodeCommand(),
		a.schemaCommand(), a.secretCommand(), a.configCommand(), a.versionCommand(), a.docsCommand(),
	}
}

// prepare checks global flags, reads MALGRUPP_* and opens the log.
func (a *app) prepare(cmd *cobra.Command, args []string) error {
	if err := a.fromEnvironment(cmd); err != nil {
		return err
	}
	if err := a.onThisMachine(cmd, args); err != nil {
		return err
	}
	a.publishes.Store(slices.Contains([]string{"run", "demo"}, cmd.Name()))
	if !cmd.Flags().Changed("project") && !slices.Contains([]string{"init", "demo"}, cmd.Name()) {
		a.project = projectAbove(a.project)
	}
	for _, c := range []struct {
		flag, value string
		words       []string
	}{
		{"output", a.output, []string{"text", "json"}},
		{"log-format", a.logFormat, []string{"auto", "text", "json"}},
		{"progress", a.progress, []string{"auto", "bar", "plain", "json", "off"}},
		{"color", a.color, []string{"auto", "always", "never"}},
	} {
		if !slices.Contains(c.words, c.value) {
			return usagef("--%s is %q: use one of %s", c.flag, c.value, strings.Join(c.words, ", "))
		}
	}
	if err := a.openLog(); err != nil {
		return err
	}
	profiles, err := a.profiling.begin()
	a.closers = append(a.closers, profiles...)
	if err != nil {
		return err
	}
	if out, ok := a.out.(*written); ok {
		out.colours = a.coloured(a.columns > 0) && !a.asJSON()
	}
	a.strangers(cmd)
	return nil
}

// projectAbove is the nearest folder with a project file, from dir upwards; dir where there is none.
func projectAbove(dir string) string {
	at, err := filepath.Abs(dir)
	for found := dir; err == nil; found = filepath.Join(found, "..") {
		if _, err := os.Stat(filepath.Join(at, load.ProjectFile)); err == nil {
			return found
		}
		if at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	return dir
}

// unknownCommand refuses a word that is no command where only commands stand: malgrupp segment nwe.
func unknownCommand(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	root.InitDefaultVersionFlag()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	cmd, rest, err := root.Find(args)
	if err == nil && cmd.Name() == "help" && cmd.ParseFlags(rest) == nil && cmd.Flags().NArg() > 0 {
		cmd, rest, err = root.Find(cmd.Flags().Args())
	}
	if err == nil && (cmd.Runnable() || !cmd.HasSubCommands()) {
		return nil
	}
	word := ""
	if err == nil {
		if cmd.ParseFlags(rest) != nil || cmd.Flags().NArg() == 0 {
			return nil // flags alone: their own mistakes are reported
		}
		word = cmd.Flags().Arg(0)
	} else {
		_, word, _ = strings.Cut(err.Error(), `"`) // unknown command "nwe" for "malgrupp"
		word, _, _ = strings.Cut(word, `"`)
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := source.Suggest(word, names); len(near) > 0 {
		return usagef("%s has no command %q: did you mean %s?", cmd.CommandPath(), word, strings.Join(near, ", "))
	}
	return usagef("%s has no command %q: there are %s", cmd.CommandPath(), word, strings.Join(names, ", "))
}

// takesURLs marks a command whose arguments may be URLs.
const takesURLs = "takes-urls"

// onThisMachine refuses a URL where a folder or file is named: it would else become a folder called "s3:".
func (a *app) onThisMachine(cmd *cobra.Command, args []string) error {
	named := []string{a.project, a.logFile}
	if cmd.Annotations[takesURLs] == "" {
		named = append(named, args...)
	}
	if f := cmd.Flags().Lookup("dir"); f != nil {
		named = append(named, f.Value.String())
	}
	for _, n := range named {
		if strings.Contains(n, "://") {
			return usagef("%q is a URL: a project and its files lie in folders of this machine; buckets are named in "+
				"malgrupp.yaml", store.Shown(n))
		}
	}
	return nil
}

// strangers warns of MALGRUPP_ variables that no flag of the command knows: a misspelt one would else be obeyed by
// nobody. Variables that keys refer to and MALGRUPP_VECTORS are no settings.
func (a *app) strangers(cmd *cobra.Command) {
	known := map[string]bool{"MALGRUPP_VECTORS": true}
	var know func(c *cobra.Command)
	know = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.PersistentFlags(), c.Flags()} {
			flags.VisitAll(func(f *pflag.Flag) { known[variable(f.Name)] = true })
		}
		for _, sub := range c.Commands() {
			know(sub)
		}
	}
	know(cmd.Root())
	project, _ := load.NamedFile(filepath.Join(a.project, load.ProjectFile)) // only to see which variables it names
	for _, pair := range a.environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "MALGRUPP_") && !known[name] && !strings.Contains(project.Text, "env:"+name) {
			a.log.Warn("unknown variable in the environment", "name", name, "hint",
				"flags have variables: --as-of is MALGRUPP_AS_OF")
		}
	}
}

// variable is the environment variable that stands in for a flag.
func variable(flag string) string {
	return "MALGRUPP_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment lets MALGRUPP_<FLAG> stand in for a flag that was not given.
func (a *app) fromEnvironment(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		if v, ok := a.lookup(name); ok && !f.Changed && err == nil {
			if e := cmd.Flags().Set(f.Name, v); e != nil {
				err = usagef("%s: %w", name, e)
			}
		}
	})
	return err
}

func (a *app) openLog() error {
	level := slog.LevelInfo - slog.Level(4*a.verbose)
	if a.quiet {
		level = slog.LevelWarn
	}
	w := a.err
	if a.logFile != "" {
		f, err := os.OpenFile(a.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return usagef("--log-file: %w", err)
		}
		a.closers = append(a.closers, f)
		w = io.MultiWriter(a.err, f)
	}
	if a.logFormat == "json" || a.logFormat == "auto" && !a.terminal && a.asJSON() {
		a.log = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
		return nil
	}
	a.log = slog.New(tint.NewTextHandler(w, &tint.Options{
		Level: level, TimeFormat: "2006-01-02T15:04:05Z07:00", NoColor: !a.coloured(a.terminal),
	}))
	return nil
}

// coloured reports whether what is written is coloured, on a terminal or elsewhere.
func (a *app) coloured(terminal bool) bool {
	if _, no := a.lookup("NO_COLOR"); no || a.color == "never" {
		return false
	}
	if termName, _ := a.lookup("TERM"); termName == "dumb" {
		return a.color == "always"
	}
	_, force := a.lookup("CLICOLOR_FORCE")
	return terminal || force || a.color == "always"
}

// print writes a document to standard output: as JSON, or as text by the function given.
func (a *app) print(document any, text func(w io.Writer)) error {
	if !a.asJSON() {
		text(a.out)
		return nil
	}
	return a.printJSON(document)
}

// printJSON writes a document to standard output as it is.
func (a *app) printJSON(document any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document)
}

// exitTable is the part of the help that names the exit codes.
func exitTable() string {
	var b strings.Builder
	b.WriteString("Exit codes (an unknown code means failure):\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %-13s %s\n", c.code, c.name, c.meaning)
	}
	return b.String()
}
