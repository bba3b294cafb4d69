package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules/source"
)

// exitCode is one row of the table that every command's help prints. An unknown code means failure.
type exitCode struct {
	code      int
	name      string
	meaning   string
	retryable bool
}

// The exit codes; 2 is left to crashes of the Go runtime and never returned on purpose.
var (
	exitOK       = exitCode{0, "ok", "done, or nothing to do", false}
	exitInternal = exitCode{1, "internal", "an error nobody foresaw: please report it", false}
	exitPartial  = exitCode{
		3, "partial", "finished, but some lists were held back or some cases miss a verb; the rest was done", false,
	}
	exitInvalid = exitCode{10, "invalid", "a rule, schema or setting is wrong", false}
	exitLocked  = exitCode{11, "locked", "another run holds the lock or published first", true}
	exitCheck   = exitCode{12, "check_failed", "a test or a check failed", false}
	exitGuard   = exitCode{
		13, "guard", "a guard held every list (on_stop: fail); removals that are owed went out", false,
	}
	exitInput   = exitCode{14, "input", "input is missing, damaged or breaks its schema", true}
	exitConsent = exitCode{15, "consent", "the state of consent cannot be known: nothing was written", true}
	exitStorage = exitCode{
		16, "storage", "storage is unreachable, denied or full; the old state holds, or it says that this is not known",
		true,
	}
	exitAudit   = exitCode{19, "audit", "the record of runs is broken, or keys are not those that it knows", false}
	exitChanges = exitCode{
		20, "changes", "only plan --detailed-exitcode: a run would change a list by 50 people or more", false,
	}
	exitUsage       = exitCode{64, "usage", "wrong flags or arguments", false}
	exitInterrupted = exitCode{130, "interrupted", "stopped by SIGINT; nothing was published", true}
	exitTerminated  = exitCode{143, "terminated", "stopped by SIGTERM; nothing was published", true}
)

var exitCodes = []exitCode{
	exitOK, exitInternal, exitPartial, exitInvalid, exitLocked, exitCheck, exitGuard, exitInput, exitConsent, exitStorage,
	exitAudit, exitChanges, exitUsage, exitInterrupted, exitTerminated,
}

// exitOfKind is the one table from failure to exit code.
var exitOfKind = map[fault.Kind]exitCode{
	fault.Invalid: exitInvalid, fault.Locked: exitLocked, fault.Input: exitInput, fault.Consent: exitConsent,
	fault.Storage: exitStorage, fault.Audit: exitAudit, fault.Usage: exitUsage, fault.Check: exitCheck,
}

// unforeseen is a panic as an error: where it happened, and what the runtime says of it. What others say may hold data.
func unforeseen(p any) error {
	what := "gave up"
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		f, more := frames.Next()
		if name, ours := strings.CutPrefix(f.Function, "github.com/malgrupp/malgrupp/"); ours || !more {
			return fmt.Errorf("an error nobody foresaw in %s, %s:%d: %s; please report this line", name,
				filepath.Base(f.File), f.Line, what)
		}
	}
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// outcome is an exit code that is not an error: a run that was partial, tests that failed.
type outcome struct {
	exitCode
	message string
}

func (o outcome) Error() string { return o.message }

// explain says which exit code an error has, with its reason and hint.
func explain(err error) (code exitCode, reason, hint string) {
	if o, ok := errors.AsType[outcome](err); ok {
		return o.exitCode, "", ""
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage, "USAGE", "see --help"
	}
	if _, ok := errors.AsType[source.Findings](err); ok {
		return exitInvalid, "INVALID", "malgrupp explain-code CODE tells more about a finding"
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted, "INTERRUPTED", "run again: nothing was published"
	}
	if f, ok := fault.Classify(err); ok {
		return exitOfKind[f.Kind], f.Reason, f.Hint
	}
	return exitInternal, "INTERNAL", ""
}

// exitError is the last line of stderr with -o json.
type exitError struct {
	MessageType string `json:"message_type"`
	Code        int    `json:"code"`
	Name        string `json:"name"`
	Reason      string `json:"reason,omitempty"`
	Retryable   bool   `json:"retryable"`
	Message     string `json:"message"`
	Hint        string `json:"hint,omitempty"`
}

// finish prints an error where it belongs and returns the exit code.
func finish(err error, w io.Writer, asJSON bool) int {
	if err == nil {
		return exitOK.code
	}
	code, reason, hint := explain(err)
	switch findings, isFindings := errors.AsType[source.Findings](err); {
	case asJSON:
		line, _ := json.Marshal(exitError{"exit_error", code.code, code.name, reason, code.retryable, err.Error(), hint})
		fmt.Fprintf(w, "%s\n", line)
	case isFindings:
		fmt.Fprint(w, findingsOn(w, findings.Text()))
	default:
		fmt.Fprintf(w, "malgrupp: %s\n", err)
		if hint != "" {
			fmt.Fprintf(w, "hint: %s\n", hint)
		}
	}
	return code.code
}
