package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// dial is the clock of a test: of the server, and of whoever is not said to be ahead of it or behind.
type dial struct {
	mu sync.Mutex
	at time.Time
}

func (d *dial) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *dial) advance(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// front stands before a server: objects are as old as the dial says, and some answers to creations get lost.
type front struct {
	*dial
	URL     string
	written map[string]time.Time
	lose    map[string]int      // by the beginning of the key: how many answers
	met     func(*http.Request) // before a request is done, and before it is answered
}

// tell sets who is told of requests.
func (f *front) tell(met func(*http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.met = met
}

func (f *front) meet(r *http.Request) {
	f.mu.Lock()
	met := f.met
	f.mu.Unlock()
	if met != nil {
		met(r)
	}
}

var errLost = errors.New("the answer is lost")

func newFront(t *testing.T, server string, d *dial) *front {
	t.Helper()
	target := must(url.Parse(server))(t)
	f := &front{dial: d, written: map[string]time.Time{}, lose: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // the signature covers it
			f.meet(r.In)
		},
		ModifyResponse: f.answer,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // breaks off
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	f.URL = s.URL
	return f
}

func (f *front) answer(r *http.Response) error {
	f.meet(r.Request)
	f.mu.Lock()
	defer f.mu.Unlock()
	path := r.Request.URL.Path
	if r.Request.Method != http.MethodPut || r.StatusCode != http.StatusOK {
		if at, ok := f.written[path]; ok && r.Header.Get("Last-Modified") != "" {
			r.Header.Set("Last-Modified", at.UTC().Format(http.TimeFormat))
		}
		return nil
	}
	f.written[path] = f.at
	for prefix, n := range f.lose {
		if n > 0 && strings.HasPrefix(path, "/"+bucketName+"/"+prefix) {
			f.lose[prefix]--
			return errLost
		}
	}
	return nil
}

// holder is one who runs the job: how his process waits, how far his clock is ahead, and what happens before his
// writes.
type holder struct {
	ticks  chan struct{} // its renewals; nil: it stands still and makes none
	ahead  time.Duration
	before func(op, key string) error
}

func (h *holder) wait(ctx context.Context, d time.Duration) error {
	if d < time.Minute {
		return nil // between attempts
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-h.ticks:
		return nil
	}
}

// shift lets the job be run by that holder.
func (n *nights) shift(t *testing.T, d *dial, runID string, h holder) error {
	t.Helper()
	j := job(t, n.Loaded)
	j.Clock, j.RunID = func() time.Time { return d.now().Add(h.ahead) }, runID
	options := must(folder.StoreOptions(n.Dir, n.Project))(t)
	options.Around, options.Sleep = beforeWrites(h.before), h.wait
	j.Stores = folder.NewStores(options)
	defer func() { check(t, j.Stores.Close()) }()
	_, err := pipeline.Run(context.Background(), j)
	return err
}

// first calls do before the first write of a key that begins so.
func first(prefix string, do func()) func(op, key string) error {
	var once sync.Once
	return func(_, key string) error {
		if strings.HasPrefix(key, prefix) {
			once.Do(do)
		}
		return nil
	}
}

// The runs of the lock test that the kill test has not.
const (
	sleeps   = "20080602T033000Z-000004"
	takes    = "20080602T040000Z-000005"
	unheard  = "20080603T030000Z-000006"
	lockTime = 10 * time.Minute
)

func TestALockOnS3Holds(t *testing.T) {
	dir, begin := t.TempDir(), instant(t, "2008-06-04T03:00:00Z")
	l := wideProject(t, dir, 30_000, begin)
	for _, s := range s3Servers {
		t.Run(s.name, func(t *testing.T) {
			d := &dial{at: time.UnixMicro(begin)}
			f := newFront(t, s.start(t).URL, d)
			place := &locked{nights: (&nights{Loaded: l}).moveTo(f.URL), dial: d}
			place.bucket = place.nights.bucket(t)
			export(t, place.bucket, dir)

			place.longRun(t)
			place.holds(t, nightOne, 1, 5*30)

			place.nextNight(t)
			place.killedRun(t)
			place.sleepingRun(t)
			place.holds(t, takes, 2, 0)
			if n := place.left(t, killed); n > 0 {
				t.Errorf("%d objects of the killed run are left", n)
			}
			if place.left(t, sleeps) == 0 {
				t.Error("the run that slept wrote nothing after it woke: nothing to sweep")
			}

			place.nextNight(t)
			f.lose["state/locks/"], f.lose["lists/markers/"] = 3, 1 // all of them: taking, renewing and releasing
			check(t, place.shift(t, d, unheard, holder{}))
			if f.lose["state/locks/"]+f.lose["lists/markers/"] > 0 {
				t.Errorf("not all answers were lost that should have been: %v", f.lose)
			}
			place.holds(t, unheard, 3, 0)
			if n := place.left(t, sleeps); n > 0 {
				t.Errorf("%d objects of the run that slept were never swept", n)
			}
		})
	}
}

// locked is a project in a bucket of which the lock is tried.
type locked struct {
	*nights
	dial   *dial
	bucket *store.Bucket
	fence  int64 // of the last marker
}

// nextNight is a day later, and the consent log has gone on until three hours before.
func (l *locked) nextNight(t *testing.T) {
	t.Helper()
	from := l.dial.now()
	l.dial.advance(24 * time.Hour)
	until := l.dial.now().Add(-3 * time.Hour)
	dir := t.TempDir()
	alive := feed.Heartbeats(from.UnixMicro(), until.UnixMicro())
	check(t, feed.WriteConsent(filepath.Join(dir, "consent"), until.Format("02T15")+".parquet", alive))
	export(t, l.bucket, dir)
}

// ends checks how a run ended that had no lock, and that it wrote no line.
func (l *locked) ends(t *testing.T, reason, runID string, err error) {
	t.Helper()
	if f, ok := fault.Classify(err); !ok || f.Kind != fault.Locked || f.Reason != reason {
		t.Errorf("run %s ended with %v, want %s", runID, err, reason)
	}
	if there := must(l.bucket.Exists(context.Background(), "audit/"+runID+".json"))(t); there {
		t.Errorf("run %s, which did not have the lock, wrote a line", runID)
	}
}

// holds checks which run the highest marker names, with everything it names, and that its fence is above that number
// and the last one's.
func (l *locked) holds(t *testing.T, runID string, n, fence int64) {
	t.Helper()
	markers := must(l.bucket.List(context.Background(), "lists/markers/"))(t)
	var m record.Marker
	check(t, json.Unmarshal(must(l.bucket.ReadAll(context.Background(), markers[len(markers)-1].Key, 1<<30))(t), &m))
	if m.RunID != runID || m.N != n || m.Fence <= max(fence, l.fence) {
		t.Errorf("marker %d of run %s has fence %d, want %d of %s and a fence above %d and %d",
			m.N, m.RunID, m.Fence, n, runID, fence, l.fence)
	}
	l.fence = m.Fence
	if p := newReader(t, l.fetch(t, l.bucket).Loaded).published(t); len(p.Lists) == 0 {
		t.Errorf("marker %d names no list", n)
	}
}

// left counts the objects of a run.
func (l *locked) left(t *testing.T, runID string) int {
	t.Helper()
	objects := must(l.bucket.List(context.Background(), ""))(t)
	return len(slices.DeleteFunc(objects, func(o store.Object) bool { return !strings.Contains(o.Key, "/"+runID+"/") }))
}

// longRun works for five hours. Whoever comes meanwhile is locked out, whatever his clock says.
func (l *locked) longRun(t *testing.T) {
	t.Helper()
	ticks := make(chan struct{})
	check(t, l.shift(t, l.dial, nightOne, holder{ticks: ticks, before: first("lists/"+nightOne, func() {
		for minute := 0; minute < 5*60; minute += 2 {
			l.dial.advance(2 * time.Minute)
			ticks <- struct{}{}
			if minute%60 == 0 {
				ahead := time.Duration(minute/60-2) * time.Hour / 2
				l.ends(t, "LOCKED", killed, l.shift(t, l.dial, killed, holder{ahead: ahead}))
			}
		}
	})}))
}

// killedRun is killed when it would publish. For ten minutes nobody can take over, then anybody.
func (l *locked) killedRun(t *testing.T) {
	t.Helper()
	dead := false
	err := l.shift(t, l.dial, killed, holder{before: func(_, key string) error {
		if dead = dead || strings.HasPrefix(key, "markers/"); dead {
			return errKilled
		}
		return nil
	}})
	if !errors.Is(err, errKilled) || l.left(t, killed) == 0 {
		t.Fatalf("the killed run ended with %v and left %d objects", err, l.left(t, killed))
	}
	l.dial.advance(lockTime - 2*time.Second) // times of objects have whole seconds
	l.ends(t, "LOCKED", sleeps, l.shift(t, l.dial, sleeps, holder{ahead: time.Hour}))
	l.dial.advance(2 * time.Second)
}

// sleepingRun takes over from the killed one and falls asleep before it has written its state; another one takes over
// from it, publishes and sweeps what the killed one left.
func (l *locked) sleepingRun(t *testing.T) {
	t.Helper()
	there := l.left(t, killed)
	err := l.shift(t, l.dial, sleeps, holder{ahead: -time.Hour, before: first(sleeps, func() {
		if l.left(t, killed) != there {
			t.Error("objects of the killed run were deleted before another one had published")
		}
		l.dial.advance(2 * lockTime)
		check(t, l.shift(t, l.dial, takes, holder{}))
	})})
	l.ends(t, "LOST", sleeps, err)
}
