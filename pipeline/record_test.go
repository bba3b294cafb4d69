package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

// The runs of a bank whose clock was an hour ahead at first: their ids are not in the order of their markers.
const (
	runAhead = "20260410T230000Z-000001"
	runPlain = "20260410T220000Z-000002"
	runLast  = "20260410T220000Z-000003"
	runStray = "20260410T220000Z-0000ff" // refused, between the second and the third
	runNext  = "20260410T220000Z-000009"
)

func TestARecordThatNobodyTouchedIsWhole(t *testing.T) {
	b := threeNights(t)
	v := b.verify(record.Check{Opens: b.opens})
	if len(v.Findings) > 0 || v.Markers != 3 || v.Lines != 4 || v.Heads != 3 || v.Objects != 3*7 || v.Opened != 3*3 {
		t.Errorf("the verdict is %+v", v)
	}
	refused, err := record.ReadLine(b.content("audit/" + runStray + ".json"))
	check(t, err)
	if r := refused.Refusal; refused.Status != record.StatusRefused || r == nil || r.Kind != fault.Input ||
		!strings.Contains(r.Message, "bad.parquet") || refused.After != 2 {
		t.Errorf("the line of a run that was refused says %+v", refused)
	}
}

func TestWhoTouchesTheRecordIsFound(t *testing.T) {
	const lists, marker = "out/lists/", "out/markers/00000000000"
	whole := threeNights(t)
	stale := whole.content("state/" + runPlain + "/holdings.parquet.age")
	for _, c := range []struct {
		name  string
		touch func(b *bank)
		run   string // what the next run says; "": it does not notice
		walk  string // what the walk says, "": nothing
		alone bool   // without heads
	}{
		{
			"an old list is edited", func(b *bank) { b.flip(lists + runAhead + "/files/loan-visitors.adds.csv.age") },
			"", lists[4:] + runAhead + "/files/loan-visitors.adds.csv.age is not what", false,
		},
		{"additions and removals change places", func(b *bank) {
			b.swap(lists+runLast+"/files/loan-visitors.adds.csv.age", lists+runLast+"/files/loan-visitors.removes.csv.age")
		}, "", "loan-visitors.removes.csv.age is not what", false},
		{
			"a list is deleted", func(b *bank) { b.destroy(lists + runPlain + "/files/loan-visitors.snapshot.csv.age") },
			"", "loan-visitors.snapshot.csv.age is gone", false,
		},
		{
			"the newest marker names more members",
			func(b *bank) { b.edit(marker+"3.json", `"members":70`, `"members":90`) },
			"marker markers/000000000003.json does not carry a valid signature", "000000000003.json does not carry", false,
		},
		{
			"the newest marker names another object",
			func(b *bank) { b.edit(marker+"3.json", "adds.csv.age", "gone.csv.age") },
			"does not carry a valid signature", "does not carry a valid signature", false,
		},
		{
			"the one before is edited", func(b *bank) { b.edit(marker+"2.json", runAhead[:8], runAhead[:7]+"1") },
			"marker markers/000000000002.json does not", "000000000002.json does not", false,
		},
		{"the first is edited", func(b *bank) { b.flip(marker + "1.json") }, "", "markers/000000000001.json", false},
		{
			"an old marker under the newest number", func(b *bank) {
				b.put(marker+"3.json",
					b.content(marker+"2.json"))
			},
			"is that of another number", "is that of another number", false,
		},
		{
			"the newest marker is deleted", func(b *bank) { b.destroy(marker + "3.json") },
			"a head knows marker 3", runLast + ".json belongs to a marker after 2", false,
		},
		{
			"the newest marker is deleted, and there is no head", func(b *bank) { b.destroy(marker + "3.json") },
			"manifest line " + runLast + ".json belongs to marker 3, the last marker is 2: the output was set back",
			runLast + ".json belongs to a marker after 2", true,
		},
		{
			"all markers are deleted", func(b *bank) { b.destroy(marker+"1.json", marker+"2.json", marker+"3.json") },
			"belongs to marker", "belongs to a marker after 0", true,
		},
		{"marker, state and line are set back", func(b *bank) {
			b.destroy(marker+"3.json", "state/"+runLast+"/holdings.parquet.age", "audit/"+runLast+".json")
		}, "the last marker is 2, a head knows marker 3", "knows marker 3 of run " + runLast, false},
		{"everything is emptied", func(b *bank) {
			for _, place := range allPlaces[:3] {
				for _, key := range b.keys("mem://"+place+"/", "") {
					b.destroy(place + "/" + key)
				}
			}
		}, "the last marker is 0, a head knows marker 3", "knows marker 3", false},
		{
			"the record of the first run is deleted", func(b *bank) { b.destroy("audit/" + runAhead + ".json") },
			"manifest line " + runAhead + ".json is gone", runAhead + ".json is gone", false,
		},
		{
			"the record of a refused run is deleted", func(b *bank) { b.destroy("audit/" + runStray + ".json") },
			"manifest line " + runStray + ".json is gone", runStray + ".json is gone", false,
		},
		{
			"the record of a refused run is edited",
			func(b *bank) { b.edit("audit/"+runStray+".json", `"refused"`, `"done"`) },
			"", runStray + ".json is no line", false,
		},
		{
			"the newest record is another", func(b *bank) {
				b.put("audit/"+runLast+".json",
					b.content("audit/"+runPlain+".json"))
			},
			"differs from the one in its marker", runLast + ".json is no line", false,
		},
		{
			"the holdings are those of the night before",
			func(b *bank) { b.put("state/"+runLast+"/holdings.parquet.age", stale) },
			"its digest is not the one in the marker", "holdings.parquet.age is not what", false,
		},
		{
			"the holdings are deleted", func(b *bank) { b.destroy("state/" + runLast + "/holdings.parquet.age") },
			"holdings.parquet.age", "holdings.parquet.age is gone", false,
		},
		{
			"a head is another's", func(b *bank) {
				b.put("heads/heads/000000000003.json",
					b.content("heads/heads/000000000002.json"))
			},
			"is that of another number", "is that of another number", false,
		},
		{
			"something that is no marker has the highest number",
			func(b *bank) { b.put("out/markers/999999999999.json", []byte("{}")) },
			"markers/999999999999.json cannot be read, or is that of another number", "cannot be read", false,
		},
		{"a marker was torn while it was written", func(b *bank) {
			b.put("out/markers/000000000004.json", []byte(`{"schema":"malgrupp.marker/v1","n":4,"run_id":"2026041`))
		}, "", "markers/000000000004.json marker markers/000000000004.json cannot be read", false},
		{
			"a marker between is deleted", func(b *bank) { b.destroy(marker + "1.json") },
			"", "markers/000000000001.json is gone, with all before it", false,
		},
		{
			"the marker before the newest is deleted", func(b *bank) { b.destroy(marker + "2.json") },
			"marker markers/000000000002.json is gone", "markers/000000000002.json is gone, with all before it", false,
		},
		{
			"what the marker knew of lines is deleted", func(b *bank) { b.destroy("state/" + runLast + "/lines.json") },
			"lines.json is gone", "lines.json is gone", false,
		},
		{
			"what the marker knew of lines is edited", func(b *bank) { b.flip("state/" + runLast + "/lines.json") },
			"lines.json is not the one that the marker names", "lines.json is not what", false,
		},
		{
			"the newest marker is cut, and its line says that it was whole", func(b *bank) {
				data := b.content(marker + "3.json")
				b.put(marker+"3.json", data[:len(data)/2])
			},
			"marker markers/000000000003.json cannot be read", "000000000003.json cannot be read", true,
		},
		{
			"the newest marker is not signed", func(b *bank) { b.unsigned(marker + "3.json") },
			"is not signed: a version wrote it", "000000000003.json is not signed", false,
		},
		{
			"the newest head is not signed", func(b *bank) { b.unsigned("heads/heads/000000000003.json") },
			"head heads/000000000003.json does not carry a valid signature", "heads/000000000003.json head", false,
		},
		{
			"the newest head is edited", func(b *bank) { b.edit("heads/heads/000000000003.json", runLast, runPlain) },
			"head heads/000000000003.json does not carry a valid signature", "heads/000000000003.json head", false,
		},
		{
			"an older head is edited", func(b *bank) { b.flip("heads/heads/000000000001.json") },
			"", "heads/000000000001.json head", false,
		},
		{
			"the record of a refused run is written anew", func(b *bank) { b.relined(runStray) },
			"", runStray + ".json is not the line that a marker knows", false,
		},
		{
			"something that is no line has the name of one",
			func(b *bank) { b.put("audit/"+runNext[:22]+"8.json", []byte("{}")) },
			"manifest line " + runNext[:22] + "8.json cannot be read", runNext[:22] + "8.json is no line", false,
		},
		{
			"something that is not even JSON has the name of a line", // as if it had been torn
			func(b *bank) { b.put("audit/"+runNext[:22]+"8.json", []byte("mine")) },
			"", runNext[:22] + "8.json is no line", false,
		},
		{
			"the record of a run lies under another name", func(b *bank) {
				b.put("audit/"+runNext[:22]+"8.json", b.content("audit/"+runStray+".json"))
			},
			"manifest line " + runNext[:22] + "8.json does not carry a valid signature",
			runNext[:22] + "8.json is no line", false,
		},
		{"strange files lie about", func(b *bank) {
			b.put("out/markers/99999999999999999999.json", []byte("{}"))
			b.put("out/markers/0000000000009.json", []byte("{}"))
			b.put("out/markers/.000000000009.json.0.tmp", nil)
			b.put("audit/notes.txt", []byte("mine"))
			b.put("audit/"+runNext[:22]+"7", []byte("mine"))
			b.put("heads/heads/readme.md", []byte("mine"))
		}, "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := whole.copied(t)
			if c.alone {
				loaded := *b.loaded
				settings := *loaded.Project
				settings.Head, loaded.Project = "", &settings
				b.loaded = &loaded
			}
			c.touch(b)
			var found []string
			for _, f := range b.verify(record.Check{}).Findings {
				found = append(found, f.Object+" "+f.What)
			}
			if all := strings.Join(found, "\n"); !strings.Contains(all, c.walk) || c.walk == "" && all != "" {
				t.Errorf("the walk finds %q, want %q", all, c.walk)
			}
			_, err := b.night(runNext, nil, nil)
			if said := text(err); !strings.Contains(said, c.run) || c.run == "" && said != "" {
				t.Errorf("the next run says %q, want %q", said, c.run)
			}
			if c.run == "" {
				return
			}
			if f, ok := fault.Classify(err); !ok || f.Kind != fault.Audit && f.Kind != fault.Storage || f.Hint == "" {
				t.Errorf("the next run fails with %+v", f)
			}
			if len(b.keys("mem://out/", "lists/"+runNext)) > 0 {
				t.Error("it wrote lists all the same")
			}
		})
	}
}

// A marker that looks torn is no rubbish while a head knows it: it is what somebody may have to restore from.
func TestAMarkerThatAHeadKnowsIsNotTidiedAway(t *testing.T) {
	b := threeNights(t)
	whole := b.content("out/markers/000000000003.json")
	b.put("out/markers/000000000003.json", whole[:len(whole)/2])
	b.destroy("audit/" + runLast + ".json")
	_, err := b.night(runNext, nil, nil)
	if !strings.Contains(text(err), "the last marker is 2, a head knows marker 3") {
		t.Errorf("the next run says %v", err)
	}
	if left := b.content("out/markers/000000000003.json"); !bytes.Equal(left, whole[:len(whole)/2]) {
		t.Errorf("of the marker %d bytes are left", len(left))
	}
}

// A head that is kept as a file shows what no place shows.
func TestAHeadThatIsKeptElsewhereShowsThatEverythingWasSetBack(t *testing.T) {
	b := threeNights(t)
	head, err := record.ReadHead(b.content("heads/heads/000000000003.json"), "head.json", b.loaded.Project.Name, b.ring)
	check(t, err)
	b.loaded.Project.Head = ""
	if v := b.verify(record.Check{Head: head}); len(v.Findings) > 0 || v.Heads != 1 {
		t.Errorf("of a whole record: %+v", v)
	}
	b.destroy("out/markers/000000000003.json", "audit/"+runLast+".json")
	if v := b.verify(record.Check{}); len(v.Findings) > 0 {
		t.Errorf("nothing shows that without a head, they say; found %+v", v.Findings)
	}
	if v := b.verify(record.Check{Head: head}); len(v.Findings) != 1 ||
		!strings.Contains(v.Findings[0].What, "the last marker is 2") {
		t.Errorf("with a head: %+v", v.Findings)
	}
}

func TestWhatIsLostForGoodIsBegunAnewAsTheHintSays(t *testing.T) {
	b := threeNights(t)
	for _, place := range []string{"out/", "state/", "audit/"} {
		for _, key := range b.keys("mem://"+place, "") {
			b.destroy(place + key)
		}
	}
	_, err := b.night(runNext, nil, nil)
	if f, ok := fault.Classify(err); !ok || !strings.Contains(f.Hint, "empty the place of the heads") {
		t.Errorf("the run says %q, with the hint %q", text(err), f.Hint)
	}
	for _, key := range b.keys("mem://heads/", "") {
		b.destroy("heads/" + key)
	}
	_, err = b.night(runNext, nil, nil)
	check(t, err)
}

// What a run could not write after its marker, the next one writes.
func TestTheNextRunWritesLineHeadAndCopy(t *testing.T) {
	b := threeNights(t)
	b.destroy("audit/"+runLast+".json", "heads/heads/000000000003.json", "out/lists/"+runLast+"/_SUCCESS.json")
	if v := b.verify(record.Check{}); len(v.Findings) != 1 || !strings.Contains(v.Findings[0].What, "next run writes it") {
		t.Errorf("before, the verdict is %+v", v)
	}
	_, err := b.night(runNext, nil, nil)
	check(t, err)
	if v := b.verify(record.Check{}); len(v.Findings) > 0 || v.Markers != 4 || v.Lines != 5 || v.Heads != 4 {
		t.Errorf("the verdict is %+v", v)
	}
	if !bytes.Equal(b.content("out/lists/"+runLast+"/_SUCCESS.json"), b.content("out/markers/000000000003.json")) {
		t.Error("the copy is another")
	}
}

func TestKeysInThePlaceOfOthersStopARun(t *testing.T) {
	whole := threeNights(t)
	other := newBank(t)
	for name, c := range map[string]struct {
		file, says string
	}{
		"recipients": {"recipients.txt", "the recipients of lists: not as in the last accepted run " + runLast},
		"master":     {"master.key", "master key 1: not as"},
		"signing":    {"signing.key", "does not carry a valid signature"},
		"state":      {"state.key", "the state key: not as"},
	} {
		t.Run(name, func(t *testing.T) {
			b := whole.copied(t)
			dir := filepath.Join(t.TempDir(), "keys")
			check(t, os.CopyFS(dir, os.DirFS(b.keysDir)))
			data, err := os.ReadFile(filepath.Join(other.keysDir, c.file))
			check(t, err)
			check(t, os.WriteFile(filepath.Join(dir, c.file), data, 0o600))
			for _, f := range []string{"recipients.txt", "master.key", "signing.key", "state.key"} {
				check(t, os.Chmod(filepath.Join(dir, f), 0o600))
			}
			b.ring = ringOf(t, dir)
			_, err = b.night(runNext, nil, nil)
			if !strings.Contains(text(err), c.says) {
				t.Errorf("the run says %q, want %q", text(err), c.says)
			}
			if f, ok := fault.Classify(err); !ok || f.Kind != fault.Audit {
				t.Errorf("the run fails with %+v", f)
			}
		})
	}
}

// Two projects with the same keys that lie at one place by mistake would empty each other's lists.
func TestAProjectDoesNotGoOnFromTheRecordOfAnother(t *testing.T) {
	b := threeNights(t)
	loaded, other := *b.loaded, *b.loaded.Project
	other.Name = "another-bank"
	loaded.Project = &other
	b.loaded = &loaded
	for _, says := range []string{
		"marker markers/000000000003.json is of another project: ",
		"head heads/000000000003.json is of another project: ",
	} {
		_, err := b.night(runNext, nil, nil)
		if f, ok := fault.Classify(err); !ok || f.Kind != fault.Audit || !strings.Contains(text(err), says) {
			t.Errorf("the run says %q, want %q", text(err), says)
		}
		if found := b.verify(record.Check{}).Findings; !slices.ContainsFunc(found, func(f record.Finding) bool {
			return strings.Contains(f.What, "is of another project: ")
		}) {
			t.Errorf("the walk finds %+v", found)
		}
		for _, marker := range b.keys("mem://out/", record.MarkersBelow) { // the heads alone are shared
			b.destroy("out/" + marker)
		}
		for _, line := range b.keys("mem://audit/", "") {
			b.destroy("audit/" + line)
		}
	}
}
