package e2e_test

import (
	"debug/buildinfo"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// released are the files of a release that are the same from any folder.
var released = []string{"malgrupp", "malgrupp.cdx.json", "SHA256SUMS"}

// sbom is what we read of a CycloneDX document.
type sbom struct {
	BOMFormat    string `json:"bomFormat"`
	SerialNumber string `json:"serialNumber"`
	Metadata     struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

type component struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Evidence struct {
		Licenses []struct {
			License struct{ ID, Name string } `json:"license"`
		} `json:"licenses"`
	} `json:"evidence"`
}

// What is released is the same from any folder, also from a copy of the sources without git, and says truly what it is.
func TestAReleaseIsTheSameFromAnyFolderAndSaysWhatIsInIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "elsewhere", "malgrupp")
	copyRepository(t, dir)
	key := filepath.Join(t.TempDir(), "key")
	_, err := exec.LookPath("ssh-keygen")
	signs := err == nil
	if signs {
		run(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
	}
	unsigned := run(t, exec.Command("make", "-C", "..", "dist"))
	if !strings.Contains(unsigned, "dist/SHA256SUMS is not signed: ") {
		t.Errorf("a release without a key does not say that it is not signed:\n%s", unsigned)
	}
	if signs {
		run(t, exec.Command("make", "-C", dir, "dist", "SIGNING_KEY="+key))
	} else {
		run(t, exec.Command("make", "-C", dir, "dist"))
	}
	dist := filepath.Join(dir, "dist")
	var bom sbom
	check(t, json.Unmarshal(must(os.ReadFile(filepath.Join(dist, "malgrupp.cdx.json")))(t), &bom))

	t.Run("is the same from any folder", func(t *testing.T) {
		for _, name := range released {
			here := must(os.ReadFile(filepath.Join("../dist", name)))(t)
			if there := must(os.ReadFile(filepath.Join(dist, name)))(t); string(here) != string(there) {
				t.Errorf("dist/%s differs from folder to folder", name)
			}
		}
	})
	t.Run("names every module that is in it", func(t *testing.T) {
		info := must(buildinfo.ReadFile(filepath.Join(dist, "malgrupp")))(t)
		want := map[string]string{"std": info.GoVersion}
		for _, m := range info.Deps {
			want[m.Path] = m.Version
		}
		got := map[string]string{}
		for _, c := range bom.Components {
			got[c.Name] = c.Version
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the SBOM differs from the program:\n%s", diff)
		}
		version := "v" + strings.TrimSpace(string(must(os.ReadFile("../VERSION"))(t)))
		if c := bom.Metadata.Component; bom.BOMFormat != "CycloneDX" || c.Name != info.Main.Path || c.Version != version ||
			bom.SerialNumber+bom.Metadata.Timestamp != "" {
			t.Errorf("the SBOM is of %q %s, serial number %q, time %q; want %s %s and neither", c.Name, c.Version,
				bom.SerialNumber, bom.Metadata.Timestamp, info.Main.Path, version)
		}
	})
	t.Run("has licences that somebody allowed", func(t *testing.T) {
		list := string(must(os.ReadFile("../.ci/licences.txt"))(t))
		for _, fault := range unlicensed(bom.Components, list) {
			t.Error(fault)
		}
		// The list is not one that allows everything.
		if faults := unlicensed(bom.Components, strings.ReplaceAll(list, "\nMIT\n", "\nMIT-0\n")); len(faults) < 2 {
			t.Errorf("without MIT only this is found: %q", faults)
		}
		if faults := unlicensed(bom.Components, strings.ReplaceAll(list, "std ", "text ")); len(faults) != 2 {
			t.Errorf("without the licence of std this is found: %q", faults)
		}
	})
	t.Run("can be told from another by its signature", func(t *testing.T) {
		if !signs {
			t.Skip("there is no ssh-keygen here")
		}
		sums := filepath.Join(dist, "SHA256SUMS")
		signers := filepath.Join(dist, "signers")
		public := must(os.ReadFile(key + ".pub"))(t)
		check(t, os.WriteFile(signers, append([]byte("releases@bank.example "), public...), 0o600))
		verify := func(text []byte) error {
			c := exec.Command("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "releases@bank.example", "-n",
				"malgrupp-release", "-s", sums+".sig")
			c.Stdin = strings.NewReader(string(text))
			return c.Run()
		}
		text := must(os.ReadFile(sums))(t)
		if err := verify(text); err != nil {
			t.Errorf("the signature does not fit: %v", err)
		}
		text[0] ^= 1
		if verify(text) == nil {
			t.Error("the signature fits other checksums")
		}
		compare := exec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
		compare.Dir = dist
		run(t, compare)
	})
	t.Run("has the version of its tag", func(t *testing.T) {
		for _, args := range [][]string{
			{"init", "-q"},
			{"add", "VERSION"},
			{"-c", "user.name=test", "-c", "user.email=test@bank.example", "commit", "-q", "-m", "release"},
			{"tag", "v99.0.0"},
		} {
			run(t, exec.Command("git", append([]string{"-C", dir}, args...)...))
		}
		out, err := exec.Command("make", "-C", dir, "dist").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "this is v99.0.0 and VERSION says ") {
			t.Errorf("another tag: %v\n%s", err, out)
		}
	})
}

// unlicensed says which components have no licence of a list, and which lines of the list nobody needs.
func unlicensed(components []component, list string) (faults []string) {
	allowed, read := map[string]bool{}, map[string]string{} // whether somebody has it; by module
	for line := range strings.Lines(list) {
		switch f := strings.Fields(line); {
		case len(f) == 0 || f[0] == "#":
		case len(f) == 1:
			allowed[f[0]] = false
		default:
			read[f[0]] = f[1]
		}
	}
	for _, c := range components {
		var names []string
		for _, l := range c.Evidence.Licenses {
			names = append(names, l.License.ID+l.License.Name)
		}
		if name, ok := read[c.Name]; ok && len(names) == 0 {
			names = []string{name}
			delete(read, c.Name)
		}
		if len(names) == 0 {
			faults = append(faults, c.Name+" has no licence that is recognised: read it and say so in .ci/licences.txt")
		}
		for _, name := range names {
			if _, ok := allowed[name]; !ok {
				faults = append(faults, c.Name+" has the licence "+name+", which .ci/licences.txt does not allow")
				continue
			}
			allowed[name] = true
		}
	}
	for name, needed := range allowed {
		if !needed {
			faults = append(faults, "no module has the licence "+name)
		}
	}
	for module := range maps.Keys(read) {
		faults = append(faults, "there is no module "+module+" without a licence that is recognised")
	}
	slices.Sort(faults)
	return faults
}

// copyRepository copies the files of the repository, as they are now, into a folder that git knows nothing of.
func copyRepository(t *testing.T, dir string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	root := must(os.OpenRoot(".."))(t)
	defer root.Close()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(must(list.Output())(t)), "\x00"), "\x00") {
		text, err := fs.ReadFile(root.FS(), name)
		if os.IsNotExist(err) {
			continue // deleted and not committed
		}
		check(t, err)
		to := filepath.Join(dir, name)
		check(t, os.MkdirAll(filepath.Dir(to), 0o700))
		check(t, os.WriteFile(to, text, 0o600))
	}
}

// run runs a command that must succeed, and returns what it printed.
func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", c, err, out)
	}
	return string(out)
}
