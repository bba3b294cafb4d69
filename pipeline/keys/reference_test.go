package keys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecretFileThatOthersCanUseIsRefused(t *testing.T) {
	for _, c := range []struct {
		mode    os.FileMode
		mounted bool
		want    string // part of the error; empty: accepted
	}{
		{0o600, false, ""},
		{0o400, false, ""},
		{0o644, false, "0644"},
		{0o640, false, "0640"},
		{0o700, false, "0700"},
		{0o644, true, ""},
		{0o664, true, "0664"},
		{0o602, true, "0602"},
	} {
		src, config := project(t)
		src.Mounted = c.mounted
		if err := os.Chmod(filepath.Join(src.Dir, MasterFile), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(src, config)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("mode %04o, mounted %t: %v, want an error with %q", c.mode, c.mounted, err, c.want)
		}
	}
}

func TestASecretFileOfSomebodyElseIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	src, config := project(t)
	if err := os.Chown(filepath.Join(src.Dir, StateFile), 12345, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(src, config); err == nil || !strings.Contains(err.Error(), "12345") {
		t.Errorf("a file of user 12345: %v", err)
	}
	src.Mounted = true
	if _, err := Open(src, config); err != nil {
		t.Errorf("the same file, mounted: %v", err)
	}
}

func TestRecipientsMayBeReadByAllButWrittenByNobodyElse(t *testing.T) {
	src, config := project(t)
	path := filepath.Join(src.Dir, RecipientsFile)
	for mode, ok := range map[os.FileMode]bool{0o644: true, 0o444: true, 0o646: false, 0o664: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(src, config); (err == nil) != ok {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestAnAgeReferenceIsOpenedWithTheStateKey(t *testing.T) {
	src, config := project(t)
	ring := open(t, src, config)
	sealedMaster := sealed(t, ring.EncryptState, knownMaster())
	if err := os.WriteFile(filepath.Join(src.Dir, "master.age"), sealedMaster, 0o644); err != nil {
		t.Fatal(err)
	}
	config.Master[1] = "age:master.age"
	k, err := open(t, src, config).Keyer(DeviceID)
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Key(NewID("d1")); got != "k1.T9rSBS_C55xmPzfW2u-yvw" {
		t.Errorf("the master in the age file keys d1 to %s", got)
	}
	config.State = "age:master.age"
	if _, err := Open(src, config); err == nil {
		t.Error("the state key was read from an age file")
	}
}

func TestWrongKeysAreRefusedWithoutShowingThem(t *testing.T) {
	const canary = "canary7f3a"
	for name, spoil := range map[string]func(*Config){
		"master pasted":       func(c *Config) { c.Master[1] = canary },
		"unknown scheme":      func(c *Config) { c.Master[1] = "https:" + canary },
		"master not hex":      func(c *Config) { c.Master[1] = "env:CANARY" },
		"state not age":       func(c *Config) { c.State = "env:CANARY" },
		"signing not PEM":     func(c *Config) { c.Signing = "env:CANARY" },
		"recipients not age":  func(c *Config) { c.Recipients = "env:CANARY" },
		"variable unset":      func(c *Config) { c.Signing = "env:NOWHERE" },
		"file missing":        func(c *Config) { c.Signing = "file:nowhere" },
		"a folder":            func(c *Config) { c.Signing = "file:." },
		"no master":           func(c *Config) { c.Master = nil },
		"an age file in text": func(c *Config) { c.Signing = "age:" + StateFile },
		"wrong kind of key":   func(c *Config) { c.Signing = "env:RSA" },
	} {
		src, config := project(t)
		src.Env = func(name string) (string, bool) {
			return map[string]string{
				"CANARY": canary + "\n", "RSA": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
			}[name], name != "NOWHERE"
		}
		spoil(&config)
		_, err := Open(src, config)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingPrintsAnIDOrASecret(t *testing.T) {
	const canary = "canary7f3a"
	id, s := NewID(canary), secret{bytes: []byte(canary)}
	src, _ := project(t)
	identity, err := src.Identity("file:" + StateFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{id, &id, s, &s, []ID{id}, map[string]ID{"a": id}, identity, *identity} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
		for _, shown := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "SECRET-KEY"} {
			if strings.Contains(out.String(), shown) {
				t.Errorf("%T shows %s: %s", value, shown, out.String())
			}
		}
	}
}

func TestAByteOrderMarkIsNoPartOfAKey(t *testing.T) {
	src, config := project(t)
	want, err := open(t, src, config).Keyer(DeviceID)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{MasterFile, StateFile, SigningFile, RecipientsFile} {
		path := filepath.Join(src.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append([]byte("\ufeff"), text...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := open(t, src, config).Keyer(DeviceID)
	if err != nil || got.Key(NewID("d1")) != want.Key(NewID("d1")) {
		t.Errorf("another key: %v", err)
	}
}

func TestAFolderInWhichOthersMayWriteHoldsNoKeys(t *testing.T) {
	for mode, ok := range map[os.FileMode]bool{0o755: true, 0o775: false, 0o777: false, 0o777 | os.ModeSticky: true} {
		src, config := project(t)
		if err := os.Chmod(src.Dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(src, config); (err == nil) != ok {
			t.Errorf("a folder of mode %v: %v", mode, err)
		}
	}
}

func TestRecipientsOfSomebodyElseAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	src, config := project(t)
	if err := os.Chown(filepath.Join(src.Dir, RecipientsFile), 12345, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(src, config); err == nil || !strings.Contains(err.Error(), "12345") {
		t.Errorf("recipients of user 12345: %v", err)
	}
}

func TestKeysAreNotReadThroughLinksUnlessAMountMadeThem(t *testing.T) {
	src, config := project(t)
	path := filepath.Join(src.Dir, MasterFile)
	if err := os.Rename(path, path+".0"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(MasterFile+".0", path); err != nil {
		t.Skip("links cannot be made here")
	}
	if _, err := Open(src, config); err == nil || !strings.Contains(err.Error(), "links are not followed") {
		t.Errorf("through a link: %v", err)
	}
	src.Mounted = true
	if _, err := Open(src, config); err != nil {
		t.Errorf("through a link of a mount: %v", err)
	}
	elsewhere := filepath.Join(t.TempDir(), "master")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(elsewhere, text, 0o600)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		err = os.Symlink(elsewhere, path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(src, config); err == nil {
		t.Error("a link led out of the mount")
	}
}
