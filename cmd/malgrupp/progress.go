package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/malgrupp/malgrupp/pipeline/decide"
)

// progressShower shows how far a run has come: bars on a terminal, elsewhere one plain line every 30 s, never a
// carriage return in a cron mail.
type progressShower struct {
	app     *app
	mode    string
	mu      sync.Mutex
	last    time.Time
	bars    progress.Writer
	tracker map[string]*progress.Tracker
}

const plainEvery = 30 * time.Second

func (a *app) newProgress() *progressShower {
	p := &progressShower{app: a, mode: a.progress, last: a.now(), tracker: map[string]*progress.Tracker{}}
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
		p.bars.Style().Visibility.Speed = true
		go p.bars.Render()
	}
	return p
}

// update takes a step of some phase; it is called from many goroutines.
func (p *progressShower) update(s decide.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.mode {
	case "bar":
		t := p.tracker[s.Phase]
		if t == nil {
			t = &progress.Tracker{Message: s.Phase}
			if s.Phase == "read" {
				t.Units = progress.UnitsBytes
			}
			p.tracker[s.Phase] = t
			p.bars.AppendTracker(t)
		}
		t.UpdateTotal(s.Total)
		t.SetValue(s.Done)
	case "plain", "json":
		now := p.app.now()
		if now.Sub(p.last) < plainEvery {
			return
		}
		p.last = now
		if p.mode == "json" {
			b, _ := json.Marshal(map[string]any{
				"message_type": "status", "phase": s.Phase, "done": s.Done, "total": s.Total, "rows": s.Rows,
			})
			fmt.Fprintf(p.app.err, "%s\n", b)
			return
		}
		p.app.log.Info("working", "phase", s.Phase, "done", fmt.Sprintf("%d/%d", s.Done, s.Total), "rows", s.Rows)
	}
}

// stop ends the showing and clears bars.
func (p *progressShower) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bars != nil {
		for _, t := range p.tracker {
			t.MarkAsDone()
		}
		p.bars.Stop()
		for p.bars.IsRenderInProgress() {
			time.Sleep(10 * time.Millisecond)
		}
	}
}
