package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	parquetwriter "github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// moveTo gives a project a bucket for everything: input, consent log, lists, state with its lock, and audit.
func (n *nights) moveTo(server string) *nights {
	mine := *n
	l, p := *n.Loaded, *n.Project
	l.Project, mine.Loaded = &p, &l
	at := "s3://" + bucketName + "/"
	p.Sources = append([]project.Source(nil), p.Sources...)
	p.Sources[0].URL, p.Consent.URL = at+"events/", at+"consent/"
	p.Output, p.State, p.Audit = at+"lists/", at+"state/", at+"audit/"
	p.Security.Endpoints, p.Security.AllowPrivateEndpoint = map[string]string{"s3": server}, true
	return &mine
}

// bucket opens the bucket of a project.
func (n *nights) bucket(t *testing.T) *store.Bucket {
	t.Helper()
	b := must(store.Open(context.Background(), "s3://"+bucketName, must(folder.StoreOptions(n.Dir, n.Project))(t)))(t)
	t.Cleanup(func() { check(t, b.Close()) })
	return b
}

// export brings the folders of the logs into the bucket; what is there already is not sent again.
func export(t *testing.T, b *store.Bucket, from string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key := filepath.ToSlash(must(filepath.Rel(from, name))(t))
		if there, err := b.Exists(context.Background(), key); there || err != nil {
			return err
		}
		return b.UploadBytes(context.Background(), key, must(os.ReadFile(name))(t), "application/octet-stream")
	}))
}

// fetch copies what a project published from the bucket into a folder, and returns the project as if it lived there.
func (n *nights) fetch(t *testing.T, b *store.Bucket) *nights {
	t.Helper()
	const place = "fetched"
	check(t, os.RemoveAll(filepath.Join(n.Dir, place)))
	for _, prefix := range []string{"lists/", "state/", "audit/"} {
		for _, o := range must(b.List(context.Background(), prefix))(t) {
			name := filepath.Join(n.Dir, place, filepath.FromSlash(o.Key))
			check(t, os.MkdirAll(filepath.Dir(name), 0o755))
			check(t, os.WriteFile(name, must(b.ReadAll(context.Background(), o.Key, 1<<30))(t), 0o644))
		}
	}
	return n.inPlace(t, "", place)
}

func TestTheWholeJobRunsOnS3(t *testing.T) {
	for _, s := range s3Servers {
		t.Run(s.name, func(t *testing.T) {
			n := newNights(t, "dt=2008-05-20")
			n.Segments = keep(n.Loaded)
			here := n.inPlace(t, "", "here")
			there := n.moveTo(s.start(t).URL)
			b := there.bucket(t)

			n.deliver(t, firstNight)
			export(t, b, filepath.Join(n.Dir, "data"))
			must(here.run(t, firstNight, nightOne, nil))(t)
			must(there.run(t, firstNight, nightOne, nil))(t)
			sameAs(t, here, there.fetch(t, b))
			if again := must(there.run(t, firstNight, killed, nil))(t); !again.NothingToDo {
				t.Error("the second run of a night found something to do")
			}

			first := newReader(t, here.Loaded).published(t)
			n.deliver(t, secondNight, withdrawal(t, first.Lists["display-pl/trouser-fans.snapshot"][0], "*"))
			export(t, b, filepath.Join(n.Dir, "data"))
			must(here.run(t, secondNight, again, nil))(t)
			there.runTwice(t)
			sameAs(t, here, there.fetch(t, b))
		})
	}
}

// runTwice runs the second night and, while it writes, once more: the second one is locked out.
func (n *nights) runTwice(t *testing.T) {
	t.Helper()
	tried := false
	must(n.run(t, secondNight, again, func(_, key string) error {
		if tried || !strings.HasPrefix(key, "lists/") {
			return nil
		}
		tried = true
		_, err := n.run(t, secondNight, killed, nil)
		if f, ok := errors.AsType[*fault.Fault](err); !ok || f.Kind != fault.Locked {
			t.Errorf("two runs at once: the second one ended with %v, want locked", err)
		}
		return nil
	}))(t)
	if !tried {
		t.Error("no list was written: nothing was tried")
	}
}

// sameAs compares what two projects published.
func sameAs(t *testing.T, want, got *nights) {
	t.Helper()
	if diff := cmp.Diff(newReader(t, want.Loaded).published(t), newReader(t, got.Loaded).published(t)); diff != "" {
		t.Errorf("(-folder +bucket):\n%.1000s", diff)
	}
}

// wideColumns are a log of which a rule needs four columns and no reader the last two, which are most of its bytes.
var wideColumns = []rules.Column{
	{Name: "event_time", Type: value.Type{Kind: value.Timestamp}},
	{Name: "event_name", Type: value.Type{Kind: value.Text}},
	{Name: "device_id", Type: value.Type{Kind: value.Text}},
	{Name: "page_path", Type: value.Type{Kind: value.Text}},
	{Name: "user_agent", Type: value.Type{Kind: value.Text}},
	{Name: "referrer", Type: value.Type{Kind: value.Text}},
}

// neededColumns are those that the rule of the wide project reads.
var neededColumns = []string{"event_time", "event_name", "device_id", "page_path"}

// wideProject writes three days of a wide log, everybody's consent with signs of life until then, and one rule.
func wideProject(t *testing.T, dir string, rows int, until int64) *load.Loaded {
	t.Helper()
	const devices = 20_000
	dice := rand.New(rand.NewPCG(8, 15))
	var said []feed.Event
	for d := range devices {
		for _, purpose := range []string{"profile", "activate:files"} {
			id := fmt.Sprintf("d%d", d)
			said = append(said, feed.Event{
				ID: id + purpose, Kind: "device", Subject: id, Action: "grant", Purpose: purpose, At: feed.Shop.Begin,
				Recorded: feed.Shop.Begin, Source: "cmp",
			})
		}
	}
	said = append(said, feed.Heartbeats(feed.Shop.Begin, until)...)
	check(t, feed.WriteConsent(filepath.Join(dir, "consent"), "part.parquet", said))
	for day := range 3 {
		var v [6]parquetwriter.Values
		at := instant(t, fmt.Sprintf("2008-06-0%dT00:00:00Z", day+1))
		for i := range rows {
			v[0].Ints = append(v[0].Ints, at+int64(i)*250_000)
			for c, text := range []string{
				"page_view", fmt.Sprintf("d%d", dice.IntN(devices)), fmt.Sprintf("/page/%d", dice.IntN(500)),
				fmt.Sprintf("agent %016x", dice.Uint64()), fmt.Sprintf("https://%016x.example/", dice.Uint64()),
			} {
				v[c+1].Text = append(v[c+1].Text, text)
			}
		}
		name := filepath.Join(dir, "events", fmt.Sprintf("dt=2008-06-0%d", day+1), "part.parquet")
		check(t, os.MkdirAll(filepath.Dir(name), 0o755))
		out := must(os.Create(name))(t)
		w := must(parquetwriter.NewWriter(out, wideColumns, parquetwriter.WriterOptions{Codec: parquetwriter.Zstd}))(t)
		check(t, errors.Join(w.Write(rows, v[:]), w.Close(), out.Close()))
	}
	for name, text := range map[string]string{
		"malgrupp.yaml": wideYAML, "schemas/wide.yaml": wideSchema, "segments/front.yaml": wideSegment,
	} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	today, _ := value.ParseDate("2008-06-04")
	return must(load.Load(dir, "", today))(t)
}

const (
	wideYAML = `apiVersion: malgrupp/v1
kind: Project
metadata: {name: wide}
timezone: UTC
contacts: {team: {email: team@bank.example}}
sources: [{name: web, url: events/, schema: wide, partition: "dt="}]
consent: {url: consent/, protected: none}
keys: {master: "file:keys/master.key", state: "file:keys/state.key", recipients: "file:keys/recipients.txt",
  signing: "file:keys/signing.key"}
output: {url: out/}
destinations: {files: {type: file_csv, processor: {agreement: OWN-USE, expires: 2030-12-31}}}
`
	wideSchema = `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: wide, version: 1, owner: team}
spec:
  columns:
    event_time: {type: timestamp, role: event_time}
    event: {from: event_name, type: text, role: event_name}
    device_id: {type: text, role: device}
    page_path: {type: text}
    user_agent: {type: text}
    referrer: {type: text}
`
	wideSegment = `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: front-page, owner: team, review_by: 2008-12-31}
spec:
  purpose: advertising
  identity: device
  match: {did: page_view, where: page_path = '/page/7', within: 14d}
  deliver: [files]
`
)

func TestNoMoreIsFetchedThanTheColumnsThatAreNeeded(t *testing.T) {
	dir := t.TempDir()
	l := wideProject(t, dir, 300_000, feed.Shop.End)
	needed, whole := chunkBytes(t, filepath.Join(dir, "events"), neededColumns)
	for _, s := range s3Servers {
		t.Run(s.name, func(t *testing.T) {
			c := s.start(t)
			n := (&nights{Loaded: l}).moveTo(c.URL)
			export(t, n.bucket(t), dir)
			c.below("")
			j := job(t, n.Loaded)
			j.AsOf, j.KnownBy = instant(t, "2008-06-04T00:00:00Z"), instant(t, "2008-06-04T03:00:00Z")
			e := must(decide.Selected(context.Background(), j.Inputs, nil, decide.Options{}))(t)
			if e.Audiences[0].Len() == 0 {
				t.Error("nobody is in the audience: nothing was read")
			}
			got := c.below("events/")
			t.Logf("fetched %d bytes in %d requests; the columns have %d, the objects %d", got.bytes, got.requests, needed,
				whole)
			if got.bytes > needed+needed/10 || got.bytes < needed || whole < 2*needed {
				t.Errorf("fetched %d bytes, want the %d of the columns and at most a tenth more; the objects have %d", got.bytes,
					needed, whole)
			}
		})
	}
}

// chunkBytes reads footers with another reader: the stored bytes of some columns, and of the objects as a whole.
func chunkBytes(t *testing.T, dir string, columns []string) (needed, whole int64) {
	t.Helper()
	for _, name := range must(filepath.Glob(filepath.Join(dir, "dt=*", "*.parquet")))(t) {
		data := must(os.Open(name))(t)
		info := must(data.Stat())(t)
		f := must(parquet.OpenFile(data, info.Size()))(t)
		for _, g := range f.Metadata().RowGroups {
			for _, c := range g.Columns {
				for _, want := range columns {
					if strings.Join(c.MetaData.PathInSchema, ".") == want {
						needed += c.MetaData.TotalCompressedSize
					}
				}
			}
		}
		whole += info.Size()
		check(t, data.Close())
	}
	return needed, whole
}
