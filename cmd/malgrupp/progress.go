package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/malgrupp/malgrupp/pipeline/decide"
)

// progressShower shows how far a run has come: bars on a terminal, elsewhere one plain line every 30 s, never a
// carriage return in a cron mail.
type progressShower struct {
	app   *app
	mode  string
	mu    sync.Mutex
	last  time.Time // of a plain line
	phase decide.Progress
	began time.Time // the phase
	bars  progress.Writer
	bar   *progress.Tracker // of the phase
}

const plainEvery = 30 * time.Second

func (a *app) newProgress() *progressShower {
	p := &progressShower{app: a, mode: a.progress, last: a.now()}
	switch {
	case a.quiet:
		p.mode = "off"
	case p.mode == "auto" && a.terminal:
		p.mode = "bar"
	case p.mode == "auto":
		p.mode = "plain"
	}
	if p.mode == "bar" {
		p.bars = progress.NewWriter()
		p.bars.SetOutputWriter(a.err)
		p.bars.SetUpdateFrequency(125 * time.Millisecond)
		p.bars.SetAutoStop(false)
		p.bars.SetTrackerLength(20)
		p.bars.Style().Options.PercentFormat = "%3.0f%%"
		p.bars.Style().Options.TimeInProgressPrecision = time.Second
		p.bars.Style().Visibility.Speed = true
		p.bars.Style().Visibility.ETA = true
		go p.bars.Render()
	}
	return p
}

// update takes a step of some phase; it is called from many goroutines, so that a later one may come first.
func (p *progressShower) update(s decide.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.app.now()
	switch begins := s.Done == 0; {
	case begins || s.Phase != p.phase.Phase:
		p.begin(s, now)
	case s.Done < p.phase.Done:
		return
	}
	p.phase = s
	switch {
	case p.mode == "bar":
		p.bar.SetValue(s.Done)
	case p.mode == "off" || now.Sub(p.last) < plainEvery:
	default:
		p.last = now
		p.line(pace(s, now.Sub(p.began)))
	}
}

// begin begins a phase, or begins it anew.
func (p *progressShower) begin(s decide.Progress, now time.Time) {
	p.began = now
	if p.mode != "bar" {
		return
	}
	if p.bar == nil || s.Phase != p.phase.Phase {
		if p.bar != nil {
			p.bar.MarkAsDone()
		}
		p.bar = &progress.Tracker{AutoStopDisabled: true, Units: progress.Units{
			Notation: " " + string(s.Unit), NotationPosition: progress.UnitsNotationPositionAfter,
		}}
		if s.Unit == decide.Bytes {
			p.bar.Units = progress.Units{Formatter: bytesText}
		}
		defer p.bars.AppendTracker(p.bar)
	} else {
		p.bar.Reset()
	}
	p.bar.UpdateMessage(fmt.Sprintf("%s of %s", s.Phase, amount(s.Unit, s.Total)))
	p.bar.UpdateTotal(s.Total)
}

// pacing is a progress with how fast it goes on.
type pacing struct {
	decide.Progress
	rate float64        // units a second, to a tenth; 0: not known yet
	left *time.Duration // nil: not known yet
}

// pace tells how fast a phase goes on after some time, and when it ends if it goes on so.
func pace(s decide.Progress, took time.Duration) pacing {
	p := pacing{Progress: s}
	if s.Done > 0 && took > 0 {
		rate := float64(s.Done) / took.Seconds()
		left := time.Duration(float64(s.Total-s.Done) / rate * float64(time.Second)).Round(time.Second)
		p.rate = math.Round(rate*10) / 10
		p.left = &left
	}
	return p
}

func (p *progressShower) line(s pacing) {
	if p.mode == "json" {
		doc := map[string]any{
			"message_type": "status", "phase": s.Phase, "unit": s.Unit, "done": s.Done, "total": s.Total, "rows": s.Rows,
		}
		if s.left != nil {
			doc["per_second"] = s.rate
			doc["seconds_left"] = int64(s.left.Seconds())
		}
		b, _ := json.Marshal(doc)
		fmt.Fprintf(p.app.err, "%s\n", b)
		return
	}
	done, rate := strconv.FormatInt(s.Done, 10), fmt.Sprint(s.rate, " ", s.Unit)
	if s.Unit == decide.Bytes {
		done, rate = bytesText(s.Done), bytesText(int64(s.rate))
	}
	says := []any{"phase", s.Phase, "done", done + " of " + amount(s.Unit, s.Total)}
	if s.left != nil {
		says = append(says, "rate", rate+"/s", "left", s.left.String())
	}
	if s.Rows > 0 {
		says = append(says, "rows", s.Rows)
	}
	p.app.log.Info("working", says...)
}

// amount is a number of units in words.
func amount(unit decide.Unit, n int64) string {
	if unit == decide.Bytes {
		return bytesText(n)
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// stop ends the showing.
func (p *progressShower) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bars != nil {
		switch {
		case p.bar == nil:
		case p.phase.Done < p.phase.Total:
			p.bar.MarkAsErrored()
		default:
			p.bar.MarkAsDone()
		}
		p.bars.Stop()
		for p.bars.IsRenderInProgress() {
			time.Sleep(10 * time.Millisecond)
		}
	}
}
