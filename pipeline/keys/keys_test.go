package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// project makes a folder with a full set of keys and the configuration that names them.
func project(t *testing.T) (Source, Config) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := Generate(dir); err != nil {
		t.Fatal(err)
	}
	return Source{Dir: dir, Env: noEnv}, Config{
		Master: map[int]string{
			1: "file:" + MasterFile,
		}, State: "file:" + StateFile, Recipients: "file:" + RecipientsFile, Signing: "file:" + SigningFile,
	}
}

func noEnv(string) (string, bool) { return "", false }

func open(t *testing.T, src Source, c Config) *Ring {
	t.Helper()
	r, err := Open(src, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// knownMaster is the master of the vectors: the bytes 00 to 1f.
func knownMaster() string {
	b := make([]byte, masterLength)
	for i := range b {
		b[i] = byte(i)
	}
	return hex.EncodeToString(b)
}

func TestKeyedIDsAreThoseOfThePaper(t *testing.T) {
	src, c := project(t)
	src.Env = func(name string) (string, bool) { return knownMaster() + "\n", name == "MASTER" }
	c.Master[1] = "env:MASTER"
	ring := open(t, src, c)
	for _, v := range []struct {
		label Label
		id    string
		want  string
	}{
		{DeviceID, "d1", "k1.T9rSBS_C55xmPzfW2u-yvw"},
		{DeviceID, "8f14e45f-ceea-467f-9575-3e25d0b6c1a2", "k1.OjAtyHLOA7U9AME6SssGTA"},
		{CustomerID, "c1", "k1.zu9qip7AqmE49nQj_yJppQ"},
		{CustomerID, "d1", "k1.RprNjB5M8HCS3l6hH2oY3A"},
		{"tombstone", "c1", "k1.mzMAPvFY8wvNu29TS7dpyg"},
		{Dest("google"), "c1", "k1.EdRLuAe1XATJiwFp5r-2Mw"},
	} {
		k, err := ring.Keyer(v.label)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a keyer forgets the id before
			if got := k.Key(NewID(v.id)); got != v.want {
				t.Errorf("%s %s: %s, want %s", v.label, v.id, got, v.want)
			}
		}
	}
}

func TestTheHighestMasterIsInUseAndOlderOnesStayReadable(t *testing.T) {
	src, c := project(t)
	src.Env = func(name string) (string, bool) { return knownMaster(), name == "OLD" }
	c.Master = map[int]string{2: "env:OLD", 10: "file:" + MasterFile}
	ring := open(t, src, c)
	k, err := ring.Keyer(DeviceID)
	if err != nil {
		t.Fatal(err)
	}
	keyed := k.Key(NewID("d1"))
	if n, ok := NumberOf(keyed); n != 10 || !ok || ring.newest != 10 {
		t.Errorf("%s was keyed with master %d (%t), want the newest, 10", keyed, n, ok)
	}
	old, err := ring.KeyerOf(2, DeviceID)
	if err != nil {
		t.Fatal(err)
	}
	if got := old.Key(NewID("d1")); got != "k2.T9rSBS_C55xmPzfW2u-yvw" {
		t.Errorf("the old master gives %s", got)
	}
	if _, err := ring.KeyerOf(3, DeviceID); !errors.Is(err, ErrNoKey) {
		t.Errorf("an unknown key number gives %v", err)
	}
}

func TestNumberOfReadsBackWhatKeyWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := root(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "root"))
		n := rapid.IntRange(1, 1000).Draw(t, "number")
		ring := &Ring{roots: map[int]root{n: r}, newest: n}
		k, err := ring.Keyer("evidence")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := NumberOf(k.Key(NewID(rapid.String().Draw(t, "id")))); got != n || !ok {
			t.Fatalf("number %d read back as %d, %t", n, got, ok)
		}
	})
}

func FuzzNumberOfAcceptsOnlyItsOwnForm(f *testing.F) {
	f.Add("k1.T9rSBS_C55xmPzfW2u-yvw")
	f.Add("k01.T9rSBS_C55xmPzfW2u-yvw")
	f.Add("k1.T9rSBS_C55xmPzfW2u-yvx")
	f.Add("customer@example.com")
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := NumberOf(text)
		if ok && (!strings.HasPrefix(text, fmt.Sprintf("k%d.", n)) || len(text) != len(fmt.Sprintf("k%d.", n))+22) {
			t.Errorf("%q was taken for an id keyed with %d", text, n)
		}
	})
}

func TestStateReadsBackAndListsDoNot(t *testing.T) {
	src, c := project(t)
	ring := open(t, src, c)
	state := sealed(t, ring.EncryptState, "state")
	plain, err := ring.DecryptState(bytes.NewReader(state))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); err != nil || string(got) != "state" {
		t.Errorf("state reads back as %q, %v", got, err)
	}
	list := sealed(t, func(w io.Writer) (io.WriteCloser, error) {
		return ring.EncryptList(w, []byte("which list"))
	}, "list")
	if _, err := ring.DecryptState(bytes.NewReader(list)); err == nil {
		t.Error("the job can open a list")
	}
	receiver, err := src.Identity("file:" + ListFile)
	if err != nil {
		t.Fatal(err)
	}
	plain, err = receiver.Decrypt(bytes.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(plain); err != nil || string(got) != "list" {
		t.Errorf("the list reads back as %q, %v", got, err)
	}
	if bytes.Contains(list, []byte("which list")) {
		t.Error("the label is readable without a key")
	}
	if label, err := receiver.Label(list); err != nil || string(label) != "which list" {
		t.Errorf("the label reads back as %q, %v", label, err)
	}
	other := sealed(t, func(w io.Writer) (io.WriteCloser, error) {
		return ring.EncryptList(w, []byte("other list"))
	}, "list")
	if at, to := bytes.Index(list, []byte(labelStanza)), bytes.Index(other, []byte(labelStanza)); at < 0 || to < 0 {
		t.Error("no label stanza in the header")
	} else if _, err := receiver.Label(append(bytes.Clone(list[:at]), other[to:]...)); err == nil {
		t.Error("a label of another list is taken")
	}
}

func TestTruncatedOrSwappedCiphertextIsRefused(t *testing.T) {
	src, c := project(t)
	ring := open(t, src, c)
	const chunk = 64 << 10
	whole := sealed(t, ring.EncryptState, strings.Repeat("a", chunk)+strings.Repeat("b", chunk)+"c")
	// The body is three chunks, each with 16 bytes of authentication, the last of 1 byte.
	body := len(whole) - (2*(chunk+16) + 17)
	swapped := bytes.Clone(whole)
	copy(swapped[body:], whole[body+chunk+16:body+2*(chunk+16)])
	copy(swapped[body+chunk+16:], whole[body:body+chunk+16])
	for name, bad := range map[string][]byte{
		"cut by a byte": whole[:len(whole)-1], "cut by the last chunk": whole[:len(whole)-17], "chunks swapped": swapped,
		"empty": nil,
	} {
		plain, err := ring.DecryptState(bytes.NewReader(bad))
		if err == nil {
			_, err = io.Copy(io.Discard, plain)
		}
		if err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

func sealed(t *testing.T, encrypt func(io.Writer) (io.WriteCloser, error), text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := encrypt(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte(text)) {
		t.Error("the ciphertext shows the plaintext")
	}
	return b.Bytes()
}

func TestASignatureFitsItsBytesOnly(t *testing.T) {
	src, c := project(t)
	ring, line := open(t, src, c), []byte(`{"run_id":"r1"}`)
	signature := ring.Sign(line)
	if !ring.Verify(line, signature) {
		t.Error("a line's own signature does not fit")
	}
	if ring.Verify([]byte(`{"run_id":"r2"}`), signature) || ring.Verify(line, "") || ring.Verify(line, signature+"A") {
		t.Error("a wrong signature fits")
	}
	other := open(t, src, withSigning(t, c))
	if other.Verify(line, signature) {
		t.Error("another project's key verifies the line")
	}
}

func withSigning(t *testing.T, c Config) Config {
	src, other := project(t)
	other.Signing = "file:" + filepath.Join(src.Dir, SigningFile)
	c.Signing = other.Signing
	return c
}

func TestGenerateWritesASetThatOnlyItsOwnerReads(t *testing.T) {
	src, _ := project(t)
	entries, err := os.ReadDir(src.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", e.Name(), info.Mode().Perm())
		}
	}
	if diff := cmp.Diff([]string{ListFile, MasterFile, RecipientsFile, SigningFile, StateFile}, names); diff != "" {
		t.Error(diff)
	}
}

func TestGenerateNeverOverwritesAndThenWritesNothing(t *testing.T) {
	for _, name := range []string{MasterFile, ListFile} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Generate(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("with %s in place: %v", name, err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(entries) != 1 || string(b) != "precious" {
			t.Errorf("with %s in place the folder holds %d files, the old one says %q, %v", name, len(entries), b, err)
		}
	}
}

// Sizes tell roughly how much is in a file, never exactly, and cost at most 12 %.
func TestSizesComeInSteps(t *testing.T) {
	steps := map[int64]bool{}
	for n, last := int64(0), int64(0); n < 1<<31; n += 1 + n/997 {
		p := Padded(n)
		if p < n || p < last || n > 64<<10 && float64(p) > 1.12*float64(n) || n <= 64<<10 && p != 64<<10 || Padded(p) != p {
			t.Fatalf("%d bytes are padded to %d, those before to %d", n, p, last)
		}
		last, steps[p] = p, true
	}
	if len(steps) > 15*32+1 {
		t.Errorf("there are %d sizes below 2 GiB", len(steps))
	}
}
